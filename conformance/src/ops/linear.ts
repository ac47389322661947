import { type Activation, fusedKernel, type LinearGradAttrs, linear } from '@simvlm/ops';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { evaluate, expectForward, expectGradients, kernelOutputs, type Problem } from '../fused/problem';
import { draw, filled, floats, sizeOf, type ValueMap } from '../fused/values';
import { ACTIVATIONS, activated } from './activations';

interface Options {
  readonly activation: Activation;
  readonly transposeW: boolean;
}

/** x · w + b. */
export function affine(
  { x, w, b }: ValueMap,
  inputs: number,
  outputs: number,
  transposeW: boolean,
): Float64Array {
  const rows = x!.data.length / inputs;
  const z = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++)
    for (let o = 0; o < outputs; o++) {
      let sum = b?.data[o] ?? 0;
      for (let i = 0; i < inputs; i++)
        sum += x!.data[r * inputs + i]! * w!.data[transposeW ? o * inputs + i : i * outputs + o]!;
      z[r * outputs + o] = sum;
    }
  return z;
}

const KINDS = ['gelu', 'gelu-erf', 'quick-gelu'] as const;

/**
 * What a curve may be off below 0 beside its relative error: the references are 1 + tanh and 1 + erf, which cancel there (and tfjs's erf is
 * 1.5e-7 off: Abramowitz and Stegun, 7.1.26), and an exponential's relative error is the absolute one of its argument.
 */
const BELOW: Record<(typeof KINDS)[number], (z: number) => number> = {
  gelu: z => (z < -1 ? 1e-7 : 0),
  'gelu-erf': z => (z < 0 ? 1.5e-7 * -z : 0),
  'quick-gelu': z => (z < -1 ? 1e-8 : 0),
};

function problemOf(
  leading: readonly number[],
  inputs: number,
  outputs: number,
  bias: boolean,
  options: Options,
): Problem {
  const { normal } = draw(`linear ${leading} ${inputs} ${outputs}`);
  return {
    inputs: {
      x: normal([...leading, inputs]),
      w: normal(options.transposeW ? [outputs, inputs] : [inputs, outputs]),
      ...(bias && { b: normal([outputs]) }),
    },
    run: ({ x, w, b }) => linear(x!, w!, b, options),
    reference: values => activated(options.activation, affine(values, inputs, outputs, options.transposeW)),
    by: bias ? ['x', 'w', 'b'] : ['x', 'w'],
    dy: normal([...leading, outputs]),
  };
}

export function describeLinear(): void {
  describe.each([
    { leading: [1], inputs: 1, outputs: 1 },
    { leading: [], inputs: 7, outputs: 3 },
    { leading: [3], inputs: 5, outputs: 7 },
    { leading: [17], inputs: 3, outputs: 1 },
    { leading: [33], inputs: 8, outputs: 20 },
    { leading: [2, 1, 3], inputs: 17, outputs: 7 },
  ])('linear $leading × $inputs → $outputs', ({ leading, inputs, outputs }) => {
    describe.each([
      { activation: 'none', transposeW: false, bias: true },
      { activation: 'none', transposeW: false, bias: false },
      { activation: 'none', transposeW: true, bias: false },
      { activation: 'gelu', transposeW: false, bias: true },
      { activation: 'gelu', transposeW: true, bias: true },
      { activation: 'gelu', transposeW: true, bias: false },
      { activation: 'gelu-erf', transposeW: false, bias: true },
      { activation: 'gelu-erf', transposeW: true, bias: false },
      { activation: 'quick-gelu', transposeW: false, bias: true },
      { activation: 'quick-gelu', transposeW: true, bias: false },
    ] as const)(
      'activation $activation, transposeW $transposeW, bias $bias',
      ({ activation, transposeW, bias }) => {
        const problem = problemOf(leading, inputs, outputs, bias, { activation, transposeW });

        test('is that of float64', () => expectForward(problem, 3e-6));

        test('has the gradient of finite differences', () => expectGradients(problem, 1e-5));
      },
    );

    test('saves what an activation is applied to, and nothing without one', async () => {
      for (const activation of ['none', ...KINDS] as const) {
        const options: Options = { activation, transposeW: false };
        const problem = problemOf(leading, inputs, outputs, true, options);
        await evaluate(problem, false);
        const [, z] = await kernelOutputs(fusedKernel.linear, problem.inputs, options);
        if (activation === 'none') expect(z).toBeUndefined();
        else expectClose(z!, affine(problem.inputs, inputs, outputs, false), 3e-6, 'z');
      }
    });
  });

  describe('linear', () => {
    test.each(KINDS)('%s and its slope are right over the whole range', async activation => {
      const curve = ACTIVATIONS[activation];
      const z = Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
      const { y, gradients, given } = await swept(activation, z);
      given.forEach((v, i) => {
        expect(Math.abs(y[i]! - curve(v)), `${activation} of ${v}`).toBeLessThanOrEqual(
          4e-7 * Math.abs(curve(v)) + 1e-12 + BELOW[activation](v),
        );
      });
      const slope = given.map(v => (curve(v + 1e-5) - curve(v - 1e-5)) / 2e-5);
      expectClose(gradients.b!, slope, 2e-6, 'slope');
    });

    test.each(KINDS)('%s of what is far from 0 is itself or 0, and its slope 1 or 0', async activation => {
      const { y, gradients, given } = await swept(activation, [50, 1e3, 1e10, -50, -1e3, -1e10]);
      expectClose(
        y,
        given.map(v => Math.max(v, 0)),
        1e-6,
      );
      expectClose(
        gradients.b!,
        given.map(v => (v > 0 ? 1 : 0)),
        1e-6,
      );
    });

    test.each(['none', ...KINDS] as const)(
      'has the gradients that are wanted, and no others (%s)',
      async activation => {
        const options: Options = { activation, transposeW: false };
        const { inputs, dy, ...rest } = problemOf([3], 5, 7, true, options);
        await evaluate({ inputs, dy, ...rest });
        const { x, w, b } = inputs;
        const [, z] = await kernelOutputs(fusedKernel.linear, { x: x!, w: w!, b: b! }, options);
        const given = { x: x!, w: w!, dy, ...(z && { z: floats([3, 7], [...z]) }) };
        const [all, ofX, ofWeights] = await Promise.all(
          (['all', 'x', 'weights'] as const).map(wanted =>
            kernelOutputs(fusedKernel.linearGrad, given, { ...options, wanted } satisfies LinearGradAttrs),
          ),
        );
        expect([ofX, ofWeights]).toEqual([all!.slice(0, 1), all!.slice(1)]);
      },
    );

    test('of no rows gives weights a gradient of 0', async () => {
      for (const activation of ['none', ...KINDS] as const) {
        const { y, gradients } = await evaluate(
          problemOf([0], 3, 5, true, { activation, transposeW: false }),
        );
        expect([y.length, gradients.x!.length]).toEqual([0, 0]);
        expect([...gradients.w!, ...gradients.b!]).toEqual(Array(20).fill(0));
      }
    });

    test('transposeW is the product with the transposed matrix', async () => {
      const plain = problemOf([3], 5, 7, false, { activation: 'none', transposeW: false });
      const w = plain.inputs.w!;
      const turned = floats(
        [7, 5],
        Array.from({ length: sizeOf(w.shape) }, (_, i) => w.data[(i % 5) * 7 + Math.floor(i / 5)]!),
      );
      const transposed = {
        ...problemOf([3], 5, 7, false, { activation: 'none', transposeW: true }),
        inputs: { x: plain.inputs.x!, w: turned },
      };
      const [a, b] = [await evaluate(plain, false), await evaluate(transposed, false)];
      expectClose(b.y, a.y, 1e-6);
    });
  });
}

/** An activation of numbers of which each is a column, and their float32 values. */
async function swept(activation: (typeof KINDS)[number], z: readonly number[]) {
  const problem: Problem = {
    ...problemOf([1], 1, z.length, true, { activation, transposeW: false }),
    inputs: { x: filled([1, 1], 1), w: floats([1, z.length], z), b: filled([z.length], 0) },
    dy: filled([1, z.length], 1),
  };
  return { ...(await evaluate(problem)), given: [...problem.inputs.w!.data] };
}
