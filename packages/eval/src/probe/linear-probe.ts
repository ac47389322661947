import { DataError, Random } from '@simvlm/core';
import type { LabelledVectors } from '../features/labelled';
import { type FitData, LogisticRegression, logitsOf } from './logistic';
import { type Rows, standardised, standardOf } from './standardise';

export interface ProbeOptions {
  /** What is tried, each at least 0; default: 1, 0.1, … 0.00001. */
  readonly l2?: readonly number[];
  /** Seed of the part of the training examples that l2 is chosen on; default 0. */
  readonly seed?: number;
  /** Iterations of L-BFGS for each l2 at most; default 300. */
  readonly iterations?: number;
  readonly signal?: AbortSignal;
}

/** A linear classifier on frozen features. */
export interface LinearProbe {
  /** C names, in the order of their characters. */
  readonly classes: readonly string[];
  /** The chosen one. */
  readonly l2: number;
  /** Whether L-BFGS came to its end, and not to `iterations`. */
  readonly converged: boolean;
  /** Of the examples that it is fitted to. */
  readonly trainAccuracy: number;
  /** Logits `float32[n, C]` of features as they come from the model. */
  logits(rows: Rows): Promise<Float32Array>;
}

/** One in so many training examples is held out to choose l2 on. */
const HELD_OUT = 10;

/**
 * Fits multinomial logistic regression to features, standardised by their own mean and deviation. Of several `l2`, a seeded tenth of the
 * training examples chooses: the best accuracy, of equal ones the larger l2. The final classifier is fitted to all of them.
 *
 * @throws DataError for fewer than two classes or ten examples; the signal's reason on abort
 */
export async function linearProbe(
  train: LabelledVectors,
  { l2: given = [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5], seed = 0, iterations = 300, signal }: ProbeOptions = {},
): Promise<LinearProbe> {
  const classes = [...new Set(train.labels)].sort();
  const rows = train.labels.length;
  if (classes.length < 2 || rows < HELD_OUT)
    throw new DataError(
      'DATA_INVALID',
      `a probe needs two classes and ${HELD_OUT} examples to train on, there are ${classes.length} and ${rows}`,
    );
  const standard = standardOf(train);
  const { values } = standardised(train, standard);
  const indices = new Map(classes.map((name, index) => [name, index]));
  const truth = Int32Array.from(train.labels, label => indices.get(label)!);
  const all = { width: train.width, values, classes: truth, count: classes.length };
  const options = { iterations, onEvaluation: () => signal?.throwIfAborted() };
  // Strong ones first: each is a start for the next, which is not far away.
  const l2s = [...new Set(given)].sort((a, b) => b - a);
  const chosen = l2s.length === 1 ? { l2: l2s[0]! } : await choose();
  const { place, converged } = await fitted(all, model => model.fit(chosen.l2, chosen.start, options));
  const accuracy = accuracyOf(await logitsOf(place, all), truth);
  return {
    ...{ classes, l2: chosen.l2, converged, trainAccuracy: accuracy },
    logits: given => logitsOf(place, { ...standardised(given, standard), count: classes.length }),
  };

  async function choose(): Promise<{ readonly l2: number; readonly start?: Float64Array }> {
    const order = Random.fromSeed(seed).fork('probe').permutation(rows);
    const heldOut = Math.round(rows / HELD_OUT);
    const [held, rest] = [rowsOf(all, order.slice(0, heldOut)), rowsOf(all, order.slice(heldOut))];
    return fitted(rest, async model => {
      let best = { l2: l2s[0]!, start: undefined as Float64Array | undefined, accuracy: -1 };
      let start: Float64Array | undefined;
      for (const l2 of l2s) {
        start = (await model.fit(l2, start, options)).place;
        const found = accuracyOf(await logitsOf(start, held), held.classes);
        if (found > best.accuracy) best = { l2, start, accuracy: found };
      }
      return { l2: best.l2, start: best.start! };
    });
  }
}

async function fitted<T>(data: FitData, use: (model: LogisticRegression) => Promise<T>): Promise<T> {
  const model = new LogisticRegression(data);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

function rowsOf({ width, values, classes, count }: FitData, rows: Uint32Array): FitData {
  const some = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) some.set(values.subarray(row * width, (row + 1) * width), i * width);
  return { width, values: some, classes: Int32Array.from(rows, row => classes[row]!), count };
}

function accuracyOf(logits: Float32Array, classes: Int32Array): number {
  const count = logits.length / classes.length;
  let right = 0;
  for (const [row, index] of classes.entries()) {
    const own = logits.subarray(row * count, (row + 1) * count);
    if (own.indexOf(own.reduce((most, value) => Math.max(most, value))) === index) right++;
  }
  return right / classes.length;
}
