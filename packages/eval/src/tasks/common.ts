import {
  type Answer,
  type Answerer,
  breathe,
  checkOptions,
  DataError,
  type Example,
  type ExampleDataset,
  Random,
  type RgbImage,
  rule,
  SkipLog,
  type TaskContext,
} from '@simvlm/core';
import { orderedBatches, prefetch, stepSource, subset } from '@simvlm/data';
import type { LearnerOptions } from '@simvlm/model';

/** Made while the model computes. */
export const BATCHES_AHEAD = 2;

/** How the learner of a task passes through its model. */
export function learnerOptions({ regularization, checkpointBlocks }: TaskContext): LearnerOptions {
  return { ...regularization, checkpointBlocks };
}

/** The context's transform of images without what it varies. */
export function stillTransform({ transform }: TaskContext) {
  return (image: RgbImage, _: Random, text: string) => transform(image, undefined, text);
}

/** How a task makes batches of pictures. R: a row, B: a batch. */
interface PictureRows<R, B> {
  /** @param random absent where nothing is varied or drawn */
  readonly row: (example: Example, random: Random | undefined) => R;
  readonly batch: (rows: readonly R[]) => B;
}

/**
 * Training and validation batches of a task that reads pictures alone.
 *
 * @param where names the task in messages
 */
export function pictureBatchSources<R, B>(
  where: string,
  { train, weight, val, batch: { imageText }, seed }: TaskContext,
  { row, batch }: PictureRows<R, B>,
) {
  checkOptions(`task ${where}: batch`, { imageText }, { imageText: rule.integer(1) });
  const batches = (rows: readonly R[]) => [batch(rows)];
  const common = { batchSize: imageText, batches };
  const names = { name: 'image-text', rowName: 'image', noun: 'pair' };
  const stream = { ...names, ...common, dataset: train, row, ...(weight && { weight }) };
  const random = Random.fromSeed(seed);
  return {
    batches: prefetch(stepSource<R, B>([stream], random.fork('data')), BATCHES_AHEAD),
    ...(val && {
      validation: () =>
        orderedBatches<R, B>({
          ...common,
          ...{ dataset: val, row: example => row(example, undefined), random: random.fork('validation') },
        }),
    }),
  };
}

/** Rows a batch where nothing is learnt. */
const ROWS = 64;

/** An `Answerer` out of what makes a row of an example, and the answers to rows. */
export function answerer<R>(
  row: (example: Example) => R,
  answers: (rows: readonly R[]) => Promise<readonly Answer[]>,
): Answerer {
  return async (data, { limit = data.length, signal, onProgress } = {}) => {
    const skipped = new SkipLog();
    const found: Answer[] = [];
    const dataset = firstOf(data, limit);
    const parts = orderedBatches<R, readonly R[]>({
      ...{ dataset, batchSize: ROWS, row, skipped, random: Random.fromSeed(0) },
      batches: rows => [rows],
    });
    for await (const [rows] of parts) {
      if (signal?.aborted) break;
      found.push(...(await answers(rows!)));
      onProgress?.(found.length + skipped.report().draws, dataset.length);
      // What is in memory never waits for anything, and Ctrl-C would wait for the end.
      await breathe();
    }
    return { answers: found, skipped: skipped.report() };
  };
}

function firstOf(dataset: ExampleDataset, count: number): ExampleDataset {
  if (count >= dataset.length) return dataset;
  return subset(
    dataset,
    Array.from({ length: count }, (_, i) => i),
  );
}

/** The picture of an example. @throws DataError when it has none */
export function pictureOf({ id, image }: Example): RgbImage {
  if (!image) throw new DataError('DATA_INVALID', `example "${id}" has no image`);
  return image;
}
