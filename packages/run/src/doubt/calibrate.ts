import { DataError, type ExampleDataset } from '@simvlm/core';
import { imagePixels, subset } from '@simvlm/data';
import { exactMatch, type Picture, pictureBatches } from '@simvlm/eval';
import { picturesAtOnce } from '@simvlm/model';
import type { Captioner } from '../captioner';
import { modelSquare } from '../square';
import { type DoubtScale, deviations, featureRows, type Usual } from './scale';
import { distanceOf, spreadOf } from './spread';

export interface CalibrateOptions {
  /** Pictures that the model was trained on. */
  readonly known: ExampleDataset;
  /** Pictures with captions that it was not trained on. */
  readonly val: ExampleDataset;
  /** The share of right captions that may be doubted, 0 to 1. */
  readonly refuse: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Known pictures that are looked at, evenly spread over all: more change the Gaussian little. */
const KNOWN = 3000;
/** Right captions that a limit needs. */
const RIGHT = 20;

/**
 * Measures how much doubt right captions have, and sets the limit so that `refuse` of them are above it.
 *
 * @throws DataError where too few captions of `val` are right; the signal's reason on abort
 */
export async function calibrate(
  captioner: Captioner,
  { known, val, refuse, signal, onProgress }: CalibrateOptions,
): Promise<DoubtScale> {
  const { model, config } = captioner;
  const some = evenly(known, KNOWN);
  const total = some.length + val.length;
  let done = 0;
  async function* batches(dataset: ExampleDataset): AsyncGenerator<Picture[]> {
    const options = { square: modelSquare(model.config, config), batchSize: picturesAtOnce(model) };
    for await (const batch of pictureBatches(dataset, { ...options, ...(signal && { signal }) })) {
      yield batch;
      done += batch.length;
      onProgress?.(done, total);
    }
    signal?.throwIfAborted();
  }
  const rows: Float32Array[] = [];
  for await (const batch of batches(some)) rows.push(...featureRows(await featuresOf(batch)));
  if (rows.length < 2)
    throw new DataError('DATA_INVALID', 'there are no pictures to compare with: give what it was trained on');
  const spread = spreadOf(rows);
  const answers: { readonly distance: number; readonly surprise: number; readonly right: boolean }[] = [];
  for await (const batch of batches(val)) {
    const features = featureRows(await featuresOf(batch));
    const captions = await captioner.caption(batch.map(({ image }) => image));
    for (const { picture, text, logProb } of captions) {
      const { text: truth, references = [truth] } = batch[picture]!;
      answers.push({
        distance: distanceOf(spread, features[picture]!),
        surprise: -logProb,
        right: references.some(each => exactMatch(text, each)),
      });
    }
  }
  const right = answers.filter(answer => answer.right);
  const wrong = answers.filter(answer => !answer.right);
  if (right.length < RIGHT)
    throw new DataError(
      'DATA_INVALID',
      `${right.length} of ${answers.length} captions are right to the word, and a limit needs ${RIGHT}: give more pictures for validation`,
    );
  const distance = usual(right.map(each => each.distance));
  const surprise = usual(right.map(each => each.surprise));
  const doubts = (some: typeof answers) =>
    some
      .map(each => deviations(distance, each.distance) + deviations(surprise, each.surprise))
      .sort((a, b) => a - b);
  const ordered = doubts(right);
  const limit = ordered[Math.max(0, Math.ceil((1 - refuse) * ordered.length) - 1)]!;
  const above = (values: readonly number[]) =>
    values.filter(value => value > limit).length / Math.max(1, values.length);
  return {
    ...{ format: 1, spread, distance, surprise, limit },
    measured: {
      ...{ right: right.length, wrong: wrong.length },
      ...{ rightRefused: above(ordered), wrongRefused: above(doubts(wrong)) },
    },
  };

  function featuresOf(batch: readonly Picture[]) {
    return model.features(imagePixels(batch.map(({ image }) => image)));
  }
}

function evenly(dataset: ExampleDataset, count: number): ExampleDataset {
  const step = Math.max(1, dataset.length / count);
  const length = Math.min(count, dataset.length);
  return subset(
    dataset,
    Array.from({ length }, (_, i) => Math.floor(i * step)),
  );
}

function usual(values: readonly number[]): Usual {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
