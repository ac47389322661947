import type { ByteBpeModel } from '../subword/subword-model';
import {
  arrayOf,
  booleanOf,
  type JsonObject,
  objectOf,
  shown,
  stepsOf,
  textOf,
  unsupported,
  unusable,
} from './json-value';
import { readAddedTokens } from './read-added-tokens';
import { readVocabulary } from './read-vocabulary';
import { readSubwordSpecialIds } from './special-ids';

/** Whether a file is one of byte-level BPE. */
export function isByteLevel(file: JsonObject): boolean {
  const steps = [
    ...stepsOf(file.pre_tokenizer, 'pre_tokenizer', 'pretokenizers'),
    ...stepsOf(file.decoder, 'decoder', 'decoders'),
  ];
  return steps.some(({ type }) => type === 'ByteLevel');
}

/**
 * A byte-level BPE tokenizer.json with GPT-2's regular expression: no normalizer, ByteLevel as pre_tokenizer and decoder. Padding,
 * truncation and post_processor are not applied.
 *
 * @throws TokenizerError for what is not supported, by name
 */
export function readByteBpeJson(file: JsonObject): ByteBpeModel {
  const model = objectOf(file.model, 'model');
  for (const name of [
    'dropout',
    'continuing_subword_prefix',
    'end_of_word_suffix',
    'ignore_merges',
    'byte_fallback',
  ])
    if (model[name]) throw unusable(`model.${name} is not supported for byte-level BPE`);
  const [normalizer] = stepsOf(file.normalizer, 'normalizer', 'normalizers');
  if (normalizer !== undefined) throw unsupported('normalizer', normalizer, 'none for byte-level BPE');
  const vocabulary = readVocabulary(model.vocab, what => unusable(`model.vocab: ${what}`));
  const added = readAddedTokens(file.added_tokens);
  const unknown =
    model.unk_token === null || model.unk_token === undefined ? -1 : unknownId(model, vocabulary);
  checkDecoder(file.decoder);
  return {
    algorithm: 'byte-bpe',
    vocabulary,
    added,
    special: readSubwordSpecialIds(vocabulary, added, unknown, file.post_processor),
    merges: mergesOf(model.merges, vocabulary),
    unknown,
    prefixSpace: readPrefixSpace(file.pre_tokenizer),
  };
}

function unknownId(model: JsonObject, vocabulary: readonly string[]): number {
  if (booleanOf(model.fuse_unk, 'model.fuse_unk', false))
    throw unusable('model.fuse_unk is not supported for byte-level BPE');
  const id = vocabulary.indexOf(textOf(model.unk_token, 'model.unk_token'));
  if (id < 0) throw unusable('model.unk_token is no piece');
  return id;
}

function readPrefixSpace(value: unknown): boolean {
  const steps = stepsOf(value, 'pre_tokenizer', 'pretokenizers');
  const [step] = steps;
  const other = steps.find(({ type }) => type !== 'ByteLevel') ?? (steps.length > 1 ? step : undefined);
  if (other !== undefined)
    throw unsupported('pre_tokenizer', other, "one ByteLevel, with GPT-2's regular expression");
  if (step === undefined) throw unusable('the pre_tokenizer null is not supported (only ByteLevel)');
  if (!booleanOf(step.use_regex, 'pre_tokenizer.use_regex', true))
    throw unusable("pre_tokenizer.use_regex is false (only GPT-2's regular expression is supported)");
  return booleanOf(step.add_prefix_space, 'pre_tokenizer.add_prefix_space', true);
}

function checkDecoder(value: unknown): void {
  const steps = stepsOf(value, 'decoder', 'decoders');
  const other = steps.find(({ type }) => type !== 'ByteLevel');
  if (other !== undefined) throw unsupported('decoder', other, 'ByteLevel');
  if (steps.length === 0) throw unusable('the decoder null is not supported (only ByteLevel)');
}

function mergesOf(value: unknown, vocabulary: readonly string[]): [number, number][] {
  const ids = new Map(vocabulary.map((text, id) => [text, id]));
  return arrayOf(value, 'model.merges').map((merge, rank) => {
    const pair: readonly unknown[] =
      typeof merge === 'string' ? merge.split(' ', 3) : arrayOf(merge, `merge ${rank}`);
    if (pair.length !== 2) throw unusable(`merge ${rank} is no pair`);
    const [left, right] = pair.map(text => {
      const id = ids.get(textOf(text, `merge ${rank}`));
      if (id === undefined) throw unusable(`merge ${rank} has ${shown(text)}, which is no piece`);
      return id;
    }) as [number, number];
    return [left, right];
  });
}
