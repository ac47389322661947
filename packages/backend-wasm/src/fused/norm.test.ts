import { fusedKernel } from '@simvlm/ops';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench, normal, numericGradient, type ValueMap, worst } from './harness.test-util';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create();
});
afterAll(() => bench.dispose());

/** Normalises runs of numbers that `groupOf` puts together, in float64. */
function normalized(x: Float64Array, groupOf: (i: number) => number, groups: number, epsilon: number) {
  const count = new Float64Array(groups);
  const mean = new Float64Array(groups);
  const variance = new Float64Array(groups);
  x.forEach((v, i) => {
    mean[groupOf(i)]! += v;
    count[groupOf(i)]!++;
  });
  mean.forEach((_, g) => {
    mean[g]! /= count[g]!;
  });
  x.forEach((v, i) => {
    variance[groupOf(i)]! += (v - mean[groupOf(i)]!) ** 2 / count[groupOf(i)]!;
  });
  const rstd = variance.map(v => 1 / Math.sqrt(v + epsilon));
  return { mean, rstd, y: x.map((v, i) => (v - mean[groupOf(i)]!) * rstd[groupOf(i)]!) };
}

describe.each([
  { rows: 1, width: 1 },
  { rows: 1, width: 128 },
  { rows: 5, width: 7 },
  { rows: 37, width: 30 },
  { rows: 300, width: 12 },
])('layer norm of $rows rows of $width', ({ rows, width }) => {
  const epsilon = 1e-3;
  const inputs = { x: normal([rows, width], 3), gamma: normal([width]), beta: normal([width]) };
  const dy = normal([rows, width]);
  const forward = ({ x, gamma, beta }: ValueMap) => {
    const { y, mean, rstd } = normalized(x!.data, i => Math.floor(i / width), rows, epsilon);
    return { y: y.map((v, i) => v * gamma!.data[i % width]! + beta!.data[i % width]!), mean, rstd };
  };

  test('is that of float64', () => {
    const [y, mean, rstd] = bench.run(fusedKernel.layerNorm, inputs, { epsilon });
    const want = forward(inputs);
    expect(worst(y!, want.y)).toBeLessThan(3e-6);
    expect(worst(mean!, want.mean)).toBeLessThan(1e-6);
    expect(worst(rstd!, want.rstd)).toBeLessThan(3e-6);
  });

  test('has the gradient of finite differences', () => {
    const [, mean, rstd] = bench.run(fusedKernel.layerNorm, inputs, { epsilon });
    const saved = { mean: { ...dy, shape: [rows], data: Float64Array.from(mean!) } };
    const given = {
      x: inputs.x,
      gamma: inputs.gamma,
      ...saved,
      rstd: { ...saved.mean, data: Float64Array.from(rstd!) },
      dy,
    };
    const gradients = bench.run(fusedKernel.layerNormGrad, given, { epsilon });
    for (const [i, name] of ['x', 'gamma', 'beta'].entries()) {
      const want = numericGradient(values => forward(values).y, inputs, name, dy);
      expect(worst(gradients[i]!, want), name).toBeLessThan(1e-5);
    }
  });
});

test('layer norm of no rows gives no rows, and gradients of 0', () => {
  const inputs = {
    x: normal([0, 6]),
    gamma: normal([6]),
    mean: normal([0]),
    rstd: normal([0]),
    dy: normal([0, 6]),
  };
  const [dx, dgamma, dbeta] = bench.run(fusedKernel.layerNormGrad, inputs);
  expect([dx!.length, ...dgamma!, ...dbeta!]).toEqual(Array(13).fill(0));
});

test('layer norm keeps its digits far from 0', () => {
  const x = normal([4, 64]);
  const shifted = { ...x, data: x.data.map(v => Math.fround(v + 1000)) };
  const ones = { ...x, shape: [64], data: new Float64Array(64).fill(1) };
  const [y] = bench.run(
    fusedKernel.layerNorm,
    { x: shifted, gamma: ones, beta: { ...ones, data: new Float64Array(64) } },
    { epsilon: 1e-6 },
  );
  const want = normalized(shifted.data, i => Math.floor(i / 64), 4, 1e-6);
  expect(worst(y!, want.y)).toBeLessThan(3e-4);
});

describe.each([
  { shape: [1, 1, 1, 4], groups: 2 },
  { shape: [2, 3, 2, 6], groups: 3 },
  { shape: [9, 2, 2, 16], groups: 4 },
  { shape: [3, 4, 4, 20], groups: 5 },
  { shape: [1, 2, 3, 160], groups: 32 },
] as const)('group norm of $shape in $groups groups', ({ shape, groups }) => {
  const [batch, height, width, channels] = shape;
  const size = channels / groups;
  const epsilon = 1e-3;
  const inputs = { x: normal(shape, 2), gamma: normal([channels]), beta: normal([channels]) };
  const dy = normal(shape);
  const forward = ({ x, gamma, beta }: ValueMap, activation: string) => {
    const groupOf = (i: number) =>
      Math.floor(i / (height * width * channels)) * groups + Math.floor((i % channels) / size);
    const { y, mean, rstd } = normalized(x!.data, groupOf, batch * groups, epsilon);
    const affine = y.map((v, i) => v * gamma!.data[i % channels]! + beta!.data[i % channels]!);
    return { y: activation === 'relu' ? affine.map(v => Math.max(v, 0)) : affine, mean, rstd };
  };

  test.each(['none', 'relu'])('is that of float64, activation %s', activation => {
    const [y, mean, rstd] = bench.run(fusedKernel.groupNorm, inputs, { groups, epsilon, activation });
    const want = forward(inputs, activation);
    expect(worst(y!, want.y)).toBeLessThan(1e-5);
    expect(worst(mean!, want.mean)).toBeLessThan(1e-6);
    expect(worst(rstd!, want.rstd)).toBeLessThan(3e-6);
  });

  test.each(['none', 'relu'])('has the gradient of finite differences, activation %s', activation => {
    const attrs = { groups, epsilon, activation };
    const [, mean, rstd] = bench.run(fusedKernel.groupNorm, inputs, attrs);
    const perGroup = (data: Float32Array) => ({
      ...dy,
      shape: [batch, groups],
      data: Float64Array.from(data),
    });
    const given = { ...inputs, mean: perGroup(mean!), rstd: perGroup(rstd!), dy };
    const gradients = bench.run(fusedKernel.groupNormGrad, given, attrs);
    for (const [i, name] of ['x', 'gamma', 'beta'].entries()) {
      const want = numericGradient(values => forward(values, activation).y, inputs, name, dy);
      expect(worst(gradients[i]!, want), name).toBeLessThan(3e-5);
    }
  });
});

test('group norm of no pictures gives gradients of 0', () => {
  const none = normal([0, 2, 2, 4]);
  const perGroup = normal([0, 2]);
  const inputs = { x: none, gamma: normal([4]), beta: normal([4]), mean: perGroup, rstd: perGroup, dy: none };
  const [, dgamma, dbeta] = bench.run(fusedKernel.groupNormGrad, inputs, {
    groups: 2,
    epsilon: 1e-5,
    activation: 'relu',
  });
  expect([...dgamma!, ...dbeta!]).toEqual(Array(8).fill(0));
});
