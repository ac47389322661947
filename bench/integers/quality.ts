import { collate, textTokens } from '@simvlm/data';
import { captionMetrics, pictureBatches, predictCaptions } from '@simvlm/eval';
import { pictureSquare, type SimVlm } from '@simvlm/model';
import { type OpenedCheckpoint, openForUse, silent, type WeightForm } from '@simvlm/run';
import { bundledCheckpoint, coreSplits, prepareEmoji } from '@simvlm/run/node';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../lib/backend';
import { progress } from '../lib/progress';
import { type BenchResult, type BenchRow, rateRow } from '../lib/table';
import { fixtureRows } from './fixtures';
import { modelAs } from './model-as';
import { likeliest, percentEqual } from './positions';

/** The first is what the others are compared with: the form in which the bundled model comes. */
const FORMS = ['float16', 'int8', 'int4'] as const satisfies readonly WeightForm[];
/** Pictures whose captions are read at once. */
const BATCH = 64;

type Splits = ReturnType<typeof coreSplits>;

/** Exact match of the bundled model on pictures that it was not trained on, and how often its likeliest token stays the same. */
export async function quality(quick: boolean): Promise<BenchResult> {
  await useBackend({ backend: 'wasm', threads: 2 });
  const opened = await openForUse(await bundledCheckpoint());
  const emoji = await prepareEmoji(opened.run?.data.train, opened.config.imageSize, silent);
  const splits = coreSplits(emoji).slice(0, quick ? 1 : undefined);
  const limit = quick ? 40 : undefined;
  const seen: { readonly exact: readonly number[]; readonly tokens: readonly number[] }[] = [];
  for (const form of FORMS) {
    const model = await modelAs(opened, form);
    seen.push({
      exact: await exactMatches(model, opened, splits, form, limit),
      tokens: await tokensOf(model, opened, splits, form, limit),
    });
    model.dispose();
  }
  const [whole, ...integers] = seen;
  const rows = integers.flatMap(({ exact, tokens }, i): BenchRow[] => {
    const form = FORMS[i + 1]!;
    return [
      ...splits.map(([name], split) =>
        rateRow(
          `${form}: exact match, ${name}`,
          exact[split]!,
          { name: FORMS[0], value: whole!.exact[split]! },
          '%',
        ),
      ),
      rateRow(
        `${form}: same likeliest token, bundled model`,
        percentEqual(tokens, whole!.tokens),
        undefined,
        '%',
      ),
    ];
  });
  return {
    versions: { '@tensorflow/tfjs-core': tf.version_core },
    rows: [...rows, ...(await fixtureRows())],
    notes: [
      `bundled model: ${whole!.tokens.length} teacher-forced positions of all splits`,
      ...splits.map(
        ([name, { length }]) => `${name}: ${Math.min(length, limit ?? length)} pictures, greedy captions`,
      ),
    ],
  };
}

/** In percent, of each split. */
async function exactMatches(
  model: SimVlm,
  { tokenizer }: OpenedCheckpoint,
  splits: Splits,
  form: WeightForm,
  limit: number | undefined,
): Promise<number[]> {
  const exact: number[] = [];
  for (const [name, pictures] of splits) {
    progress(`${form}: captions, ${name}`);
    const { predictions } = await predictCaptions(
      model,
      tokenizer,
      pictures,
      limit === undefined ? {} : { limit },
    );
    exact.push(100 * captionMetrics(predictions).exactMatch!);
  }
  return exact;
}

/** The likeliest token at every place of the true captions. */
async function tokensOf(
  model: SimVlm,
  { tokenizer }: OpenedCheckpoint,
  splits: Splits,
  form: WeightForm,
  limit: number | undefined,
): Promise<number[]> {
  const { maxTextLength, tokens } = model.config;
  const square = pictureSquare(model.config);
  const all: number[] = [];
  for (const [name, pictures] of splits) {
    progress(`${form}: true captions, ${name}`);
    const options = { square, batchSize: BATCH, ...(limit !== undefined && { limit }) };
    for await (const batch of pictureBatches(pictures, options)) {
      const rows = batch.map(({ id, text, image }) => ({
        ...{ id, image, prefixLength: 0 },
        tokens: textTokens(text, tokenizer, maxTextLength),
      }));
      all.push(...(await likeliest(model, collate(rows, { pad: tokens.pad, length: maxTextLength }))));
    }
  }
  return all;
}
