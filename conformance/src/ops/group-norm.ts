import { fusedKernel, groupNorm } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { evaluate, expectForward, expectGradients, kernelOutputs, type Problem } from '../fused/problem';
import { draw, type ValueMap, type Values } from '../fused/values';
import { normalized } from './normalized';

type Activation = 'none' | 'relu';
interface Options {
  readonly groups: number;
  readonly epsilon: number;
  readonly activation: Activation;
}

function groupsOf({ shape, data }: Values, { groups, epsilon }: Options) {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const size = channels / groups;
  const groupOf = (i: number) =>
    Math.floor(i / (height * width * channels)) * groups + Math.floor((i % channels) / size);
  return normalized(data, groupOf, batch * groups, epsilon);
}

function problemOf(shape: readonly number[], options: Options): Problem {
  const { normal } = draw(`group norm ${shape} ${options.groups}`);
  const channels = shape[3]!;
  return {
    inputs: { x: normal(shape, 2), gamma: normal([channels]), beta: normal([channels]) },
    run: ({ x, gamma, beta }) => groupNorm(x as tf.Tensor4D, gamma!, beta!, options),
    reference: ({ x, gamma, beta }: ValueMap) => {
      const affine = groupsOf(x!, options).y.map(
        (v, i) => v * gamma!.data[i % channels]! + beta!.data[i % channels]!,
      );
      return options.activation === 'relu' ? affine.map(v => Math.max(v, 0)) : affine;
    },
    by: ['x', 'gamma', 'beta'],
    dy: normal(shape),
  };
}

export function describeGroupNorm(): void {
  const activations: readonly Activation[] = ['none', 'relu'];

  describe.each([
    { shape: [1, 1, 1, 4], groups: 2 },
    { shape: [1, 3, 1, 7], groups: 7 },
    { shape: [3, 1, 7, 17], groups: 1 },
    { shape: [2, 3, 2, 6], groups: 3 },
    { shape: [9, 2, 2, 16], groups: 4 },
    { shape: [3, 4, 4, 20], groups: 5 },
    { shape: [1, 2, 3, 160], groups: 32 },
  ])('group norm of $shape in $groups groups', ({ shape, groups }) => {
    const epsilon = 1e-3;

    test.each(activations)('is that of float64, activation %s', activation =>
      expectForward(problemOf(shape, { groups, epsilon, activation }), 1e-5),
    );

    test.each(activations)('has the gradient of finite differences, activation %s', activation =>
      expectGradients(problemOf(shape, { groups, epsilon, activation }), 3e-5),
    );

    test('saves the mean and 1 / deviation of each example and group', async () => {
      const options: Options = { groups, epsilon, activation: 'relu' };
      const problem = problemOf(shape, options);
      await evaluate(problem, false);
      const [, mean, rstd] = await kernelOutputs(fusedKernel.groupNorm, problem.inputs, options);
      const want = groupsOf(problem.inputs.x!, options);
      expectClose(mean!, want.mean, 1e-6, 'mean');
      expectClose(rstd!, want.rstd, 3e-6, 'rstd');
    });
  });

  describe('group norm', () => {
    test('of no pictures gives gradients of 0', async () => {
      const options: Options = { groups: 2, epsilon: 1e-5, activation: 'relu' };
      const { y, gradients } = await evaluate(problemOf([0, 2, 2, 4], options));
      expect([y.length, gradients.x!.length]).toEqual([0, 0]);
      expect([...gradients.gamma!, ...gradients.beta!]).toEqual(Array(8).fill(0));
    });

    test('of a picture does not depend on the other pictures of the batch', async () => {
      const options: Options = { groups: 3, epsilon: 1e-5, activation: 'none' };
      const problem = problemOf([3, 2, 2, 6], options);
      const before = await evaluate(problem, false);
      const x = { ...problem.inputs.x!, data: problem.inputs.x!.data.map((v, i) => (i < 24 ? v + 1 : v)) };
      const after = await evaluate({ ...problem, inputs: { ...problem.inputs, x } }, false);
      expect([...after.y.slice(24)]).toEqual([...before.y.slice(24)]);
    });
  });
}
