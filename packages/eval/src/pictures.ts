import {
  breathe,
  DataError,
  type Example,
  type ExampleDataset,
  ImageError,
  type RgbImage,
  type SkipReport,
} from '@simvlm/core';
import { centerCrop } from '@simvlm/vision-patcher';

/** An example whose picture is ready for the model. */
export interface Picture extends Example {
  readonly image: RgbImage;
}

export interface PictureOptions {
  /** Side of the model's input in pixels. */
  readonly imageSize: number;
  /** Pictures a batch. */
  readonly batchSize: number;
  /** At most so many pictures, from the first on. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * The pictures of a data set in order, centre-cropped, a batch at a time. A picture that cannot be read is left out, counted
 * and reported in `skipped`.
 */
export async function* pictureBatches(
  dataset: ExampleDataset,
  { imageSize, batchSize, limit = dataset.length, signal }: PictureOptions,
  skipped: { count: number; reasons: string[] } = { count: 0, reasons: [] },
): AsyncGenerator<Picture[], SkipReport> {
  let batch: Picture[] = [];
  for (let index = 0; index < Math.min(limit, dataset.length) && !signal?.aborted; index++) {
    try {
      const example = await dataset.get(index);
      if (!example.image) throw new DataError('DATA_INVALID', `example "${example.id}" has no image`);
      batch.push({ ...example, image: centerCrop(example.image, imageSize) });
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
      skipped.count++;
      if (skipped.reasons.length < 20) skipped.reasons.push(error.message);
    }
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
      // What is in memory never waits for anything, and Ctrl-C would wait for the end.
      await breathe();
    }
  }
  if (batch.length > 0 && !signal?.aborted) yield batch;
  return skipped;
}
