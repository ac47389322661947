import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import fixture from '../../fixtures/logistic.json';
import type { LabelledVectors } from '../features/labelled';
import { linearProbe } from './linear-probe';
import { LogisticRegression, logitsOf } from './logistic';
import { standardised, standardOf } from './standardise';

const data = {
  width: fixture.width,
  values: Float32Array.from(fixture.values),
  classes: Int32Array.from(fixture.classes),
  count: 4,
};

/** Rows whose class is the sign of a feature, told in letters. */
function labelled(rows: number, feature: (row: number) => number): LabelledVectors {
  const values = Float32Array.from({ length: 3 * rows }, (_, i) =>
    i % 3 === 0 ? feature(Math.floor(i / 3)) : i % 3 === 1 ? ((i * 7919) % 13) - 6 : 5,
  );
  return {
    ...{ width: 3, values, skipped: { count: 0, draws: 0, reasons: [] } },
    labels: Array.from({ length: rows }, (_, row) => (feature(row) > 0 ? 'plus' : 'minus')),
    ids: Array.from({ length: rows }, (_, row) => `${row}`),
  };
}

describe('the probe', () => {
  beforeAll(() => tf.setBackend('cpu'));

  test.each(fixture.optima)(
    'finds the optimum of scikit-learn for l2 = $l2',
    async ({ l2, loss, probabilities }) => {
      const model = new LogisticRegression(data);
      const found = await model.fit(l2);
      model.dispose();
      expect(found.converged).toBe(true);
      expect(Math.abs(found.value - loss)).toBeLessThan(1e-4);
      const logits = await logitsOf(found.place, data);
      const softmax = tf.tidy(() => tf.softmax(tf.tensor2d(logits, [120, 4])).arraySync() as number[][]);
      for (const [row, expected] of probabilities.entries())
        for (const [i, share] of expected.entries())
          expect(Math.abs(softmax[row]![i]! - share)).toBeLessThan(0.01);
    },
  );

  test('tells classes apart that a line tells apart, whatever the scale of the features', async () => {
    const train = labelled(200, row => (((row * 37) % 100) - 49.5) * 1e-4);
    const probe = await linearProbe(train);
    expect(probe).toMatchObject({ classes: ['minus', 'plus'], converged: true });
    expect(probe.trainAccuracy).toBeGreaterThan(0.98);
    const logits = await probe.logits(labelled(2, row => (row === 0 ? -0.004 : 0.004)));
    expect(logits[0]).toBeGreaterThan(logits[1]!);
    expect(logits[2]).toBeLessThan(logits[3]!);
  });

  test('where features say nothing of the class, a large l2 is chosen, on the training examples alone', async () => {
    const train = labelled(100, row => ((row * 37) % 100) - 49.5);
    const noise = { ...train, labels: train.labels.map((_, i) => 'abcd'[(i * i * 31 + 7 * i) % 4]!) };
    const probe = await linearProbe(noise, { l2: [1e-6, 10] });
    const other = await linearProbe(noise, { l2: [1e-6, 10], seed: 5 });
    expect([probe.l2, other.l2]).toContain(10);
    expect(probe.trainAccuracy).toBeLessThan(0.7);
  });

  test('the same seed gives the same probe', async () => {
    const train = labelled(60, row => ((row * 37) % 60) - 30.5);
    const [a, b] = [await linearProbe(train, { seed: 3 }), await linearProbe(train, { seed: 3 })];
    expect(a.l2).toBe(b.l2);
    expect(await a.logits(train)).toEqual(await b.logits(train));
  });

  test('one class, or too few examples, make no probe', async () => {
    await expect(linearProbe(labelled(50, () => 1))).rejects.toThrow('there are 1 and 50');
    await expect(linearProbe(labelled(5, row => row - 2.5))).rejects.toThrow('there are 2 and 5');
  });

  test('it leaves no tensors behind, also when it is aborted', async () => {
    const train = labelled(50, row => ((row * 37) % 50) - 24.5);
    await linearProbe(train);
    const { numTensors } = tf.memory();
    await linearProbe(train);
    await expect(linearProbe(train, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('standardised features', () => {
  test('have mean 0 and deviation 1; one that never changes is 0, also where it does', () => {
    const standard = standardOf({ width: 2, values: Float32Array.of(1, 0.1, 3, 0.1, 5, 0.1) });
    const deviation = Math.sqrt(8 / 3);
    const { values } = standardised({ width: 2, values: Float32Array.of(3, 0.1, 5, 9) }, standard);
    expect(values[0]).toBe(0);
    expect(values[2]).toBeCloseTo(2 / deviation, 6);
    expect([values[1]!, values[3]!].map(Math.abs)).toEqual([0, 0]);
  });
});
