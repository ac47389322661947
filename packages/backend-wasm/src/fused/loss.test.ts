import { type AdamWAttrs, fusedKernel } from '@simvlm/ops';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Bench,
  floats,
  integers,
  ints,
  normal,
  numericGradient,
  type ValueMap,
  type Values,
  worst,
} from './harness.test-util';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create();
});
afterAll(() => bench.dispose());

const asValues = (data: Float32Array): Values => ({
  shape: [data.length],
  data: Float64Array.from(data),
  dtype: 'float32',
});

describe.each([
  { rows: 1, vocabulary: 1, labelSmoothing: 0 },
  { rows: 6, vocabulary: 5, labelSmoothing: 0.1 },
  { rows: 50, vocabulary: 33, labelSmoothing: 0 },
  { rows: 3, vocabulary: 301, labelSmoothing: 0.05 },
])(
  'cross-entropy of $rows rows of $vocabulary, smoothing $labelSmoothing',
  ({ rows, vocabulary, labelSmoothing }) => {
    const weights = floats(
      [rows],
      Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? 0 : 0.5 + i)),
    );
    const inputs = { logits: normal([rows, vocabulary], 4), labels: integers([rows], vocabulary), weights };
    const dy = normal([rows]);
    const forward = ({ logits, labels }: ValueMap) => {
      const loss = new Float64Array(rows);
      const lse = new Float64Array(rows);
      for (let r = 0; r < rows; r++) {
        const row = logits!.data.slice(r * vocabulary, (r + 1) * vocabulary);
        const largest = Math.max(...row);
        lse[r] = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
        row.forEach((x, c) => {
          const target = (c === labels!.data[r] ? 1 - labelSmoothing : 0) + labelSmoothing / vocabulary;
          loss[r]! += weights.data[r]! * target * (lse[r]! - x);
        });
      }
      return { loss, lse };
    };

    test('is that of float64, and its gradient that of finite differences', () => {
      const [loss, lse] = bench.run(fusedKernel.crossEntropy, inputs, { labelSmoothing });
      const want = forward(inputs);
      expect(worst(loss!, want.loss)).toBeLessThan(3e-6);
      expect(worst(lse!, want.lse)).toBeLessThan(1e-6);
      const given = { ...inputs, lse: asValues(lse!), dy };
      const [dlogits] = bench.run(fusedKernel.crossEntropyGrad, given, { labelSmoothing });
      const numeric = numericGradient(values => forward(values).loss, inputs, 'logits', dy);
      expect(worst(dlogits!, numeric)).toBeLessThan(5e-6);
    });
  },
);

test('a row of weight 0 costs nothing, whatever stands in it', () => {
  const logits = floats([2, 4], [Number.NaN, 1, 2, 3, 0, 0, 0, 0]);
  const inputs = { logits, labels: ints([2], [-100, 1]), weights: floats([2], [0, 2]) };
  const [loss, lse] = bench.run(fusedKernel.crossEntropy, inputs, { labelSmoothing: 0 });
  expect(loss![0]).toBe(0);
  expect(loss![1]).toBeCloseTo(2 * Math.log(4), 6);
  const given = { ...inputs, lse: asValues(lse!), dy: floats([2], [1, 1]) };
  const [dlogits] = bench.run(fusedKernel.crossEntropyGrad, given, { labelSmoothing: 0 });
  expect([...dlogits!]).toEqual([0, 0, 0, 0, 0.5, -1.5, 0.5, 0.5]);
});

test('logits of −∞ and of ±10,000 are exact; a logit that is not a number is not hidden', () => {
  const rows = [
    [Number.NEGATIVE_INFINITY, 0, 0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [10_000, -10_000, 0, 9_999, 1],
    [Number.NaN, 0, 0, 0, 0],
  ];
  const inputs = {
    logits: floats([3, 5], rows.flat()),
    labels: ints([3], [1, 0, 1]),
    weights: floats([3], [1, 1, 1]),
  };
  const [loss] = bench.run(fusedKernel.crossEntropy, inputs, { labelSmoothing: 0 });
  expect(loss![0]).toBeCloseTo(Math.LN2, 6);
  expect(loss![1]).toBeCloseTo(Math.log(1 + Math.exp(-1)), 2);
  expect(loss![2]).toBeNaN();
});

test('the global norm is that of float64, over tensors of any size', () => {
  const tensors = [normal([3]), normal([40_000], 1e-3), normal([0]), normal([5, 7], 100), normal([])];
  const want = Math.sqrt(tensors.flatMap(({ data }) => [...data]).reduce((sum, x) => sum + x * x, 0));
  for (const inputs of [tensors, Object.fromEntries(tensors.entries())]) {
    const [norm] = bench.run(fusedKernel.globalNorm, inputs);
    expect(Math.abs(norm![0]! / want - 1)).toBeLessThan(1e-6);
  }
});

test('the global norm of a million numbers keeps its digits', () => {
  const [norm] = bench.run(fusedKernel.globalNorm, [floats([1_000_003], Array(1_000_003).fill(0.1))]);
  expect(Math.abs(norm![0]! / (Math.fround(0.1) * Math.sqrt(1_000_003)) - 1)).toBeLessThan(1e-6);
});

test.each([1, 2, 1000])('AdamW is that of float64 in step %i', step => {
  const attrs: AdamWAttrs = {
    learningRate: 1e-2,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.1,
    step,
  };
  const shape = [31, 7];
  const v = normal(shape);
  const inputs = {
    param: normal(shape),
    grad: normal(shape),
    m: normal(shape),
    v: { ...v, data: v.data.map(x => Math.fround(x * x)) },
    gradScale: floats([], [0.25]),
  };
  const [param, m, nextV] = bench.run(fusedKernel.adamw, inputs, attrs);
  const wantM = inputs.m.data.map((x, i) => 0.9 * x + 0.1 * 0.25 * inputs.grad.data[i]!);
  const wantV = inputs.v.data.map((x, i) => 0.999 * x + 0.001 * (0.25 * inputs.grad.data[i]!) ** 2);
  const want = inputs.param.data.map((p, i) => {
    const update = wantM[i]! / (1 - 0.9 ** step) / (Math.sqrt(wantV[i]! / (1 - 0.999 ** step)) + 1e-8);
    return p - 1e-2 * (update + 0.1 * p);
  });
  expect(worst(m!, wantM)).toBeLessThan(2e-7);
  expect(worst(nextV!, wantV)).toBeLessThan(2e-7);
  expect(worst(param!, want)).toBeLessThan(5e-7);
});

test('AdamW of a parameter without a gradient only decays it', () => {
  const attrs: AdamWAttrs = {
    learningRate: 0.5,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.5,
    step: 1,
  };
  const zero = floats([3], [0, 0, 0]);
  const inputs = { param: floats([3], [1, 2, -4]), grad: zero, m: zero, v: zero, gradScale: floats([], [1]) };
  expect([...bench.run(fusedKernel.adamw, inputs, attrs)[0]!]).toEqual([0.75, 1.5, -3]);
});
