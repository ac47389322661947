import { DataError, type ExampleDataset, SkipLog } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { nothingEvaluated } from './nothing-evaluated';
import { type Picture, pictureBatches } from './pictures';

export interface NeighbourOptions {
  /** Pixels a side at which pictures are compared; default 32. */
  readonly size?: number;
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Neighbour {
  readonly id: string;
  readonly truth: string;
  /** The caption of the nearest training picture. */
  readonly text: string;
}

/** Rows of training pictures on the backend at a time: 4,096 × 3,072 numbers are 48 MiB. */
const CHUNK = 4096;

/**
 * The baseline that a captioner must beat: each test picture gets the caption of the training picture with the least Euclidean
 * distance in pixels. ‖a − b‖² is computed as ‖a‖² + ‖b‖² − 2a·b on the current backend; of equals the first counts.
 *
 * @throws DataError when there is no training picture, or none to find a neighbour for
 */
export async function pixelNearestNeighbour(
  train: ExampleDataset,
  test: ExampleDataset,
  options: NeighbourOptions = {},
): Promise<Neighbour[]> {
  return (await pixelNearestNeighbours(train, [test], options))[0]!;
}

/**
 * The same for several sets of test pictures, with one pass over the training pictures: reading those is most of the work.
 *
 * @throws DataError as `pixelNearestNeighbour`, when one of the sets has no picture; the signal's reason when it aborts
 */
export async function pixelNearestNeighbours(
  train: ExampleDataset,
  tests: readonly ExampleDataset[],
  { size = 32, limit = Number.POSITIVE_INFINITY, signal, onProgress }: NeighbourOptions = {},
): Promise<Neighbour[][]> {
  const sets: Picture[][] = [];
  for (const test of tests) sets.push(await picturesOf(test, size, limit));
  const queries = sets.flat();
  const best = new Float32Array(queries.length).fill(Number.POSITIVE_INFINITY);
  const captions = new Array<string>(queries.length).fill('');
  const query = toMatrix(queries, size);
  let done = 0;
  const training = { square: { size }, batchSize: CHUNK, ...(signal && { signal }) };
  for await (const batch of pictureBatches(train, training)) {
    const { distance, index } = tf.tidy(() => nearest(query, toMatrix(batch, size)));
    const [distances, indices] = await Promise.all([distance.data(), index.data()]);
    tf.dispose([distance, index]);
    for (let i = 0; i < queries.length; i++) {
      if (distances[i]! >= best[i]!) continue;
      best[i] = distances[i]!;
      captions[i] = batch[indices[i]!]!.text;
    }
    done += batch.length;
    onProgress?.(done, train.length);
  }
  query.dispose();
  signal?.throwIfAborted();
  if (done === 0) throw new DataError('DATA_NOT_FOUND', 'there are no training pictures to compare with');
  let next = 0;
  return sets.map(set => set.map(({ id, text: truth }) => ({ id, truth, text: captions[next++]! })));
}

async function picturesOf(test: ExampleDataset, size: number, limit: number): Promise<Picture[]> {
  const pictures: Picture[] = [];
  const skipped = new SkipLog();
  const options = { square: { size }, batchSize: 512, limit: Math.min(limit, test.length) };
  for await (const batch of pictureBatches(test, options, skipped)) pictures.push(...batch);
  if (pictures.length === 0) throw nothingEvaluated(skipped.report());
  return pictures;
}

/** For each row of a[n, P] the distance to, and index of, the nearest row of b[m, P]; ‖a‖² left out, the same for all b. */
function nearest(a: tf.Tensor2D, b: tf.Tensor2D): { distance: tf.Tensor; index: tf.Tensor } {
  const distances = tf.sub(tf.sum(tf.square(b), 1), tf.mul(tf.matMul(a, b, false, true), 2));
  return { distance: tf.min(distances, 1), index: tf.argMin(distances, 1) };
}

function toMatrix(pictures: readonly Picture[], size: number): tf.Tensor2D {
  const width = size * size * 3;
  const values = new Float32Array(pictures.length * width);
  for (const [i, { image }] of pictures.entries())
    for (let k = 0; k < width; k++) values[i * width + k] = image.data[k]! / 255;
  return tf.tensor2d(values, [pictures.length, width]);
}
