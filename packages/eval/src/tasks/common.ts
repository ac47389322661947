import {
  type Answer,
  type Answerer,
  breathe,
  checkOptions,
  DataError,
  type Example,
  type ExampleDataset,
  type ExampleStream,
  Random,
  type RgbImage,
  rule,
  SkipLog,
  type TaskContext,
} from '@simvlm/core';
import { orderedBatches, prefetch, stepSource, subset } from '@simvlm/data';
import { squareImage } from '@simvlm/image';
import { type LearnerOptions, pictureSquare, type SimVlmConfig } from '@simvlm/model';

/** Made while the model computes. */
export const BATCHES_AHEAD = 2;

/** How the learner of a task passes through its model. */
export function learnerOptions({ regularization, checkpointBlocks }: TaskContext): LearnerOptions {
  return { ...regularization, checkpointBlocks };
}

/** The square input of a model from a picture of any size; what is one already stays as it is. */
export function squared(image: RgbImage, config: SimVlmConfig): RgbImage {
  const square = pictureSquare(config);
  const { size } = square;
  return image.width === size && image.height === size ? image : squareImage(image, square);
}

/** The pairs of a task that needs some. @throws DataError when there are none */
export function pairsOf({ train }: TaskContext): ExampleStream {
  if (!train) throw new DataError('DATA_NOT_FOUND', 'there are no pictures to train on');
  return train;
}

/** How a task makes batches of pictures. R: a row, B: a batch. */
interface PictureRows<R, B> {
  /** @param random absent where nothing is drawn */
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
  context: TaskContext,
  { row, batch }: PictureRows<R, B>,
) {
  const { val, seed } = context;
  const { imageText } = context.batch;
  checkOptions(`task ${where}: batch`, { imageText }, { imageText: rule.integer(1) });
  const common = { batchSize: imageText, batches: (rows: readonly R[]) => [batch(rows)] };
  const source = stepSource<R, B>([
    { ...common, stream: pairsOf(context), row: ({ example, random }) => row(example, random) },
  ]);
  return {
    batches: prefetch(source, BATCHES_AHEAD),
    ...(val && {
      validation: () =>
        orderedBatches<R, B>({
          ...common,
          ...{ dataset: val, row: example => row(example, undefined) },
          random: Random.fromSeed(seed).fork('validation'),
        }),
    }),
  };
}

/**
 * An `Answerer` out of what makes a row of an example, and the answers to rows.
 *
 * @param atOnce rows at a time
 */
export function answerer<R>(
  row: (example: Example) => R,
  answers: (rows: readonly R[]) => Promise<readonly Answer[]>,
  atOnce = 64,
): Answerer {
  return async (data, { limit = data.length, signal, onProgress } = {}) => {
    const skipped = new SkipLog();
    const found: Answer[] = [];
    const dataset = firstOf(data, limit);
    const parts = orderedBatches<R, readonly R[]>({
      ...{ dataset, batchSize: atOnce, row, skipped, random: Random.fromSeed(0) },
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

/** The square pictures of an example. @throws DataError when it has another number of them */
export function picturesOf(example: Example, count: number, config: SimVlmConfig): readonly RgbImage[] {
  const { id, image, images = image ? [image] : [] } = example;
  if (images.length !== count)
    throw new DataError('DATA_INVALID', `example "${id}" has ${images.length} images, and not ${count}`);
  return images.map(each => squared(each, config));
}

/** The square picture of an example. @throws DataError when it has none */
export function pictureOf({ id, image }: Example, config: SimVlmConfig): RgbImage {
  if (!image) throw new DataError('DATA_INVALID', `example "${id}" has no image`);
  return squared(image, config);
}
