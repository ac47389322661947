import { type Activation, type Around, decodeLinear } from '@simvlm/ops';
import { describe, test } from 'vitest';
import { expectForward, type Problem } from '../fused/problem';
import { draw, sizeOf, type ValueMap } from '../fused/values';
import { activated } from './activations';
import { layerNormed } from './layer-norm';
import { affine } from './linear';

interface Case {
  readonly activation: Activation;
  readonly transposeW: boolean;
  readonly bias: boolean;
  readonly norm: boolean;
  readonly residual: boolean;
  /** Added to all of x: a layer norm takes it off again, and must not lose the digits. */
  readonly far?: number;
}

const EPSILON = 1e-6;

function problemOf(leading: readonly number[], inputs: number, outputs: number, given: Case): Problem {
  const { activation, transposeW, bias, norm, residual, far = 0 } = given;
  const { normal } = draw(`decode linear ${leading} ${inputs} ${outputs}`);
  const shape = [...leading, outputs];
  const x = normal([...leading, inputs]);
  return {
    inputs: {
      x: { ...x, data: x.data.map(v => Math.fround(v + far)) },
      w: normal(transposeW ? [outputs, inputs] : [inputs, outputs]),
      ...(bias && { b: normal([outputs]) }),
      ...(norm && { gamma: normal([inputs]), beta: normal([inputs]) }),
      ...(residual && { residual: normal(shape) }),
    },
    run({ x, w, b, gamma, beta, residual }) {
      const around: Around = { norm: gamma && beta && { gamma, beta, epsilon: EPSILON }, residual };
      return decodeLinear(x!, w!, b, { activation, transposeW, ...around });
    },
    reference(values: ValueMap) {
      const h = values.gamma
        ? { ...values, x: { ...values.x!, data: layerNormed(values, EPSILON) } }
        : values;
      const y = activated(activation, affine(h, inputs, outputs, transposeW));
      return y.map((v, i) => v + (values.residual?.data[i] ?? 0));
    },
    by: [],
    dy: { ...x, shape, data: new Float64Array(sizeOf(shape)) },
  };
}

const plain = { activation: 'none', transposeW: false, bias: true, norm: false, residual: false } as const;

/** One row, eight, and more than a launch takes; widths that are read by four, by sixteen and others. */
export function describeDecodeLinear(): void {
  describe.each([
    { leading: [1], inputs: 1, outputs: 1 },
    { leading: [1, 1], inputs: 64, outputs: 96 },
    { leading: [3, 1], inputs: 37, outputs: 33 },
    { leading: [8], inputs: 20, outputs: 7 },
    { leading: [9], inputs: 20, outputs: 8 },
    { leading: [4], inputs: 48, outputs: 21 },
    { leading: [21], inputs: 40, outputs: 131 },
    { leading: [33], inputs: 16, outputs: 16 },
  ])('a decoded linear map $leading × $inputs → $outputs', ({ leading, inputs, outputs }) => {
    test.each<{ name: string; given: Case }>([
      { name: 'after a layer norm, with GELU', given: { ...plain, norm: true, activation: 'gelu' } },
      { name: 'with the erf form of GELU', given: { ...plain, activation: 'gelu-erf' } },
      {
        name: 'after a layer norm, with quick GELU',
        given: { ...plain, norm: true, activation: 'quick-gelu', residual: true },
      },
      { name: 'added to a residual', given: { ...plain, residual: true } },
      {
        name: 'as output layer, with all of it',
        given: { ...plain, bias: false, norm: true, residual: true, transposeW: true },
      },
    ])('$name is that of float64', ({ given }) =>
      expectForward(problemOf(leading, inputs, outputs, given), 5e-6),
    );
  });

  test('the layer norm of a decoded linear map keeps the digits of rows far from 0', () =>
    expectForward(problemOf([2], 64, 16, { ...plain, norm: true, far: 100 }), 2e-4));
}
