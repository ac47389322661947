import { ConfigError } from '@simvlm/core';
import { damaged } from './damaged';
import { withControlTokens } from './special-tokens';
import type { ByteBpeModel, WordPieceModel } from './subword/subword-model';
import type { TokenizerModel } from './vocabulary';

/** The name that T5's tokenizers give to sentinel i. */
function sentinelName(i: number): string {
  return `<extra_id_${i}>`;
}

/** Ids of `<extra_id_0>`, `<extra_id_1>`, … as far as there are all. */
export function sentinelIds(ids: ReadonlyMap<string, number>): readonly number[] {
  const found: number[] = [];
  for (let id = ids.get(sentinelName(0)); id !== undefined; id = ids.get(sentinelName(found.length)))
    found.push(id);
  return found;
}

/**
 * The model with `count` sentinels for span corruption behind its pieces, so that no id changes: control pieces, which are decoded to
 * nothing. As in T5 (Raffel et al., 2020) `<extra_id_0>` is the last id of the vocabulary. A model that has as many already stays as it is.
 *
 * @param count default 100, as in T5
 * @throws TokenizerError when the model has some, but fewer; ConfigError when `count` is no whole number
 */
export function withSentinels<M extends TokenizerModel | WordPieceModel | ByteBpeModel>(
  model: M,
  count = 100,
): M {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new ConfigError('CONFIG_INVALID', `withSentinels: count must be a whole number, got ${count}`);
  const names = new Set(('pieces' in model ? model.pieces : model.added).map(({ text }) => text));
  const sentinels = Array.from({ length: count }, (_, i) => sentinelName(count - 1 - i));
  const present = sentinels.filter(name => names.has(name));
  if (present.length === count) return model;
  const some = `it has ${present.length} sentinels of its own, ${count} were asked for`;
  if (present.length > 0) throw damaged(some);
  return withControlTokens(model, sentinels, () => some).model;
}
