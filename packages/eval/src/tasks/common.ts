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

/** The examples of a task that needs some. @throws DataError when there are none */
export function pairsOf({ train }: TaskContext): ExampleStream {
  if (!train) throw new DataError('DATA_NOT_FOUND', 'there are no examples to train on');
  return train;
}

/** How a task makes batches of examples. R: a row, B: a batch. */
interface ExampleRows<R, B> {
  /**
   * @param random absent where nothing is drawn
   * @returns undefined for an example that nothing is to be learnt from
   */
  readonly row: (example: Example, random: Random | undefined) => R | undefined;
  /** The rows of a step: one batch or several, such as one of rows with a picture and one of those without. */
  readonly batches: (rows: readonly R[]) => readonly B[];
}

/** The same of a task whose rows are all of one kind. */
interface PictureRows<R, B> extends Pick<ExampleRows<R, B>, 'row'> {
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
  return exampleBatchSources<R, B>(where, context, { row, batches: rows => [batch(rows)] });
}

/**
 * Training and validation batches of a task whose examples have a picture or none.
 *
 * @param where names the task in messages
 */
export function exampleBatchSources<R, B>(
  where: string,
  context: TaskContext,
  { row, batches }: ExampleRows<R, B>,
) {
  const { val, seed } = context;
  const { imageText } = context.batch;
  checkOptions(`task ${where}: batch`, { imageText }, { imageText: rule.integer(1) });
  const common = { batchSize: imageText, batches };
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

/** Rows as parts that can be a batch: each has as many pictures a row. Parts and rows are in the order of the rows. */
export function byPictures<R extends { readonly images: readonly RgbImage[] }>(rows: readonly R[]): R[][] {
  const parts = new Map<number, R[]>();
  for (const row of rows) {
    const part = parts.get(row.images.length);
    if (part) part.push(row);
    else parts.set(row.images.length, [row]);
  }
  return [...parts.values()];
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
