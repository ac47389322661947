import { DataError, ImageError, type RgbImage, type StillExample } from '@simvlm/core';
import { squareImage } from '@simvlm/image';
import type { Vectors } from './vectors';

/** Vectors of training examples, by their places. */
export interface StillVectors {
  readonly width: number;
  /** `float32[m, width]` of the m examples that can be used. */
  readonly values: Float32Array;
  /** Of each example its row in `values`, or why it has none. */
  readonly rows: readonly (number | DataError | ImageError)[];
}

/** Computes the vector of each training example once. @throws DataError when none can be used */
export async function stillVectors(
  stills: AsyncIterable<StillExample>,
  { square, atOnce, of }: Vectors,
): Promise<StillVectors> {
  const rows: (number | DataError | ImageError)[] = [];
  const parts: Float32Array[] = [];
  let count = 0;
  let width = 0;
  let waiting: RgbImage[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    const made = await of(waiting);
    parts.push(made.values);
    width = made.width;
    waiting = [];
  };
  for await (const still of stills) {
    try {
      const { id, image } = await still.open();
      if (!image) throw new DataError('DATA_INVALID', `example "${id}" has no image`);
      waiting.push(squareImage(image, square));
      rows.push(count++);
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
      rows.push(error);
    }
    if (waiting.length === atOnce) await flush();
  }
  await flush();
  const first = rows[0];
  if (count === 0)
    throw first instanceof Error
      ? first
      : new DataError('DATA_NOT_FOUND', 'there are no pictures to train on');
  const values = new Float32Array(count * width);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { width, values, rows };
}
