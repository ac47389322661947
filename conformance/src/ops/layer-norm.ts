import { fusedKernel, layerNorm } from '@simvlm/ops';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { evaluate, expectForward, expectGradients, kernelOutputs, type Problem } from '../fused/problem';
import { draw, filled, floats, sizeOf, type ValueMap } from '../fused/values';
import { normalized } from './normalized';

function problemOf(shape: readonly number[], epsilon: number): Problem {
  const { normal } = draw(`layer norm ${shape}`);
  const width = shape.at(-1)!;
  return {
    inputs: { x: normal(shape, 3), gamma: normal([width]), beta: normal([width]) },
    run: ({ x, gamma, beta }) => layerNorm(x!, gamma!, beta!, { epsilon }),
    reference: values => layerNormed(values, epsilon),
    by: ['x', 'gamma', 'beta'],
    dy: normal(shape),
  };
}

/** The layer norm of `x`, with `gamma` and `beta`. */
export function layerNormed({ x, gamma, beta }: ValueMap, epsilon: number): Float64Array {
  const width = x!.shape.at(-1)!;
  return rowsOf(x!.data, width, epsilon).y.map(
    (v, i) => v * gamma!.data[i % width]! + beta!.data[i % width]!,
  );
}

function rowsOf(x: Float64Array, width: number, epsilon: number) {
  return normalized(x, i => Math.floor(i / width), x.length / width, epsilon);
}

export function describeLayerNorm(): void {
  describe.each([
    [[1, 1]],
    [[7]],
    [[1, 128]],
    [[5, 7]],
    [[3, 17]],
    [[37, 30]],
    [[300, 12]],
    [[2, 3, 17]],
    [[3, 1, 2, 7]],
  ])('layer norm of [%s]', shape => {
    const epsilon = 1e-3;
    const problem = problemOf(shape, epsilon);

    test('is that of float64', () => expectForward(problem, 3e-6));

    test('has the gradient of finite differences', () => expectGradients(problem, 1e-5));

    test('saves the mean and 1 / deviation of each row', async () => {
      await evaluate(problem);
      const [, mean, rstd] = await kernelOutputs(fusedKernel.layerNorm, problem.inputs, { epsilon });
      const want = rowsOf(problem.inputs.x!.data, shape.at(-1)!, epsilon);
      expectClose(mean!, want.mean, 1e-6, 'mean');
      expectClose(rstd!, want.rstd, 3e-6, 'rstd');
    });
  });

  describe('layer norm', () => {
    test('of no rows gives no rows, and gradients of 0', async () => {
      const { y, gradients } = await evaluate(problemOf([0, 6], 1e-6));
      expect([y.length, gradients.x!.length]).toEqual([0, 0]);
      expect([...gradients.gamma!, ...gradients.beta!]).toEqual(Array(12).fill(0));
    });

    test('keeps its digits far from 0', async () => {
      const shape = [4, 64];
      const x = floats(
        shape,
        draw('far from 0')
          .normal(shape)
          .data.map(v => v + 1000),
      );
      const run: Problem = {
        ...problemOf(shape, 1e-6),
        inputs: { x, gamma: filled([64], 1), beta: filled([64], 0) },
      };
      const { y } = await evaluate(run, false);
      expectClose(y, rowsOf(x.data, 64, 1e-6).y, 3e-4);
    });

    // What models have: 1e-12 in BERT, 1e-5 in GPT-2 and CLIP, 1e-6 in SimVLM.
    describe.each([1e-12, 1e-6, 1e-5])('with epsilon %s', epsilon => {
      test.each([
        { name: 'as far apart as usual', centre: 0, spread: 1, tolerance: 3e-6 },
        {
          name: 'whose deviation is the root of the least epsilon',
          centre: 0,
          spread: 1e-6,
          tolerance: 3e-6,
        },
        { name: 'that are nearly the same', centre: 1, spread: 1e-3, tolerance: 3e-4 },
      ])('of numbers $name is that of float64', async ({ centre, spread, tolerance }) => {
        const problem = problemOf([4, 192], epsilon);
        const x = floats(
          [4, 192],
          problem.inputs.x!.data.map(v => centre + (spread * v) / 3),
        );
        await expectForward({ ...problem, inputs: { ...problem.inputs, x } }, tolerance);
      });

      test('has the gradient of finite differences', () =>
        expectGradients(problemOf([4, 48], epsilon), 1e-5));
    });

    test.each([1e-12, 1e-6])(
      'of equal numbers is beta: epsilon %s keeps the deviation from 0',
      async epsilon => {
        const problem = problemOf([3, 7], epsilon);
        const inputs = { ...problem.inputs, x: filled([3, 7], 5) };
        const { y } = await evaluate({ ...problem, inputs });
        expect([...y]).toEqual([0, 1, 2].flatMap(() => [...problem.inputs.beta!.data]));
      },
    );

    test('of a row does not depend on the other rows', async () => {
      const [one, many] = [problemOf([1, 17], 1e-6), problemOf([3, 17], 1e-6)];
      const row = floats([1, 17], many.inputs.x!.data.slice(17, 34));
      const alone = await evaluate({ ...one, inputs: { ...many.inputs, x: row } }, false);
      const together = await evaluate(many, false);
      expect(sizeOf(one.dy.shape)).toBe(17);
      expect([...alone.y]).toEqual([...together.y.slice(17, 34)]);
    });
  });
}
