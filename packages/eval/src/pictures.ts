import {
  breathe,
  DataError,
  type Example,
  type ExampleDataset,
  type RgbImage,
  SkipLog,
  type SkipReport,
} from '@simvlm/core';
import { type SquareOptions, squareImage } from '@simvlm/image';

/** An example whose picture is ready for the model. */
export interface Picture extends Example {
  readonly image: RgbImage;
}

export interface PictureOptions {
  /** How they become the model's input: `pictureSquare` of `@simvlm/model` tells. */
  readonly square: SquareOptions;
  /** Pictures a batch. */
  readonly batchSize: number;
  /** At most so many pictures, from the first on. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * The pictures of a data set in order, made square, a batch at a time. A picture that cannot be read is left out and noted in
 * `skipped`.
 */
export async function* pictureBatches(
  dataset: ExampleDataset,
  { square, batchSize, limit = dataset.length, signal }: PictureOptions,
  skipped: SkipLog = new SkipLog(),
): AsyncGenerator<Picture[], SkipReport> {
  let batch: Picture[] = [];
  for (let index = 0; index < Math.min(limit, dataset.length) && !signal?.aborted; index++) {
    try {
      const example = await dataset.get(index);
      if (!example.image) throw new DataError('DATA_INVALID', `example "${example.id}" has no image`);
      batch.push({ ...example, image: squareImage(example.image, square) });
    } catch (error) {
      skipped.add(index, error);
    }
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
      // What is in memory never waits for anything, and Ctrl-C would wait for the end.
      await breathe();
    }
  }
  if (batch.length > 0 && !signal?.aborted) yield batch;
  return skipped.report();
}
