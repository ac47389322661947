import type { QuantizedMatrix } from '@simvlm/core';
import {
  type Activation,
  dequantize,
  dequantizeRows,
  packedWidth,
  quantizedEmbedding,
  quantizedLinear,
  quantizeRows,
} from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { evaluate, expectForward, expectGradients, type Problem, type Tensors } from '../fused/problem';
import { draw, floats, ints, type ValueMap } from '../fused/values';
import { activated } from './activations';
import { layerNormed } from './layer-norm';
import { affine } from './linear';

interface Form {
  readonly bits: 8 | 4;
  readonly group: number;
}

const EPSILON = 1e-5;

/** A random matrix as integers: its parts for an operation, and what they stand for. */
function matrixOf(outputs: number, inputs: number, { bits, group }: Form) {
  const { data } = draw(`quantized ${outputs} ${inputs} ${bits}`).normal([outputs, inputs]);
  const rows = quantizeRows(Float32Array.from(data), inputs, { bits, group });
  const parts: ValueMap = {
    packed: ints([outputs, packedWidth(inputs, bits)], rows.packed),
    scales: floats([outputs, Math.ceil(inputs / group)], rows.scales),
  };
  const w = floats([outputs, inputs], dequantizeRows(rows, inputs, { bits, group }));
  const of = ({ packed, scales }: Tensors): QuantizedMatrix<tf.Tensor> => ({
    ...{ packed: packed!, scales: scales!, inputs, bits, group },
  });
  return { parts, w, of };
}

interface Case {
  readonly activation: Activation;
  readonly bias: boolean;
  readonly around: boolean;
}

function problemOf(
  leading: readonly number[],
  inputs: number,
  outputs: number,
  form: Form,
  { activation, bias, around }: Case,
): Problem {
  const { parts, w, of } = matrixOf(outputs, inputs, form);
  const { normal } = draw(`quantized linear ${leading} ${inputs} ${outputs}`);
  return {
    inputs: {
      ...{ x: normal([...leading, inputs]), ...parts, ...(bias && { b: normal([outputs]) }) },
      ...(around && { gamma: normal([inputs]), beta: normal([inputs]) }),
      ...(around && { residual: normal([...leading, outputs]) }),
    },
    run({ x, b, gamma, beta, residual, ...matrix }) {
      const norm = gamma && beta && { gamma, beta, epsilon: EPSILON };
      return quantizedLinear(x!, of(matrix), b, { activation, norm, residual });
    },
    reference(values) {
      const x = values.gamma ? { ...values.x!, data: layerNormed(values, EPSILON) } : values.x!;
      const y = activated(activation, affine({ ...values, x, w }, inputs, outputs, true));
      return y.map((v, i) => v + (values.residual?.data[i] ?? 0));
    },
    by: ['x'],
    dy: normal([...leading, outputs]),
  };
}

const FORMS = [
  { bits: 8, groups: 'all' },
  { bits: 8, groups: 64 },
  { bits: 4, groups: 32 },
  { bits: 4, groups: 'all' },
] as const;

/** One row, a few, many, none; inputs that fill no word or no group; outputs that fill no vector. */
export function describeQuantized(): void {
  describe.each(FORMS)('weights of $bits bits, a scale for $groups inputs', ({ bits, groups }) => {
    const form = (inputs: number): Form => ({ bits, group: groups === 'all' ? inputs : groups });

    describe.each([
      { leading: [1], inputs: 1, outputs: 1 },
      { leading: [1, 1], inputs: 64, outputs: 96 },
      { leading: [3, 1], inputs: 37, outputs: 33 },
      { leading: [8], inputs: 130, outputs: 7 },
      { leading: [2, 17], inputs: 70, outputs: 131 },
      { leading: [70], inputs: 96, outputs: 40 },
      { leading: [5], inputs: 37, outputs: 523 },
    ])('a linear map $leading × $inputs → $outputs', ({ leading, inputs, outputs }) => {
      const of = (given: Case) => problemOf(leading, inputs, outputs, form(inputs), given);

      test.each(['none', 'gelu', 'gelu-erf', 'quick-gelu'] as const)(
        'is that of the numbers that the integers stand for (%s)',
        activation => expectForward(of({ activation, bias: true, around: false }), 5e-6),
      );

      test('takes a norm before it and a residual after it', () =>
        expectForward(of({ activation: 'none', bias: false, around: true }), 1e-5));
    });

    test.each(['none', 'gelu', 'gelu-erf', 'quick-gelu'] as const)('have a gradient by x (%s)', activation =>
      expectGradients(
        problemOf([3, 1], 37, 33, form(37), { activation, bias: true, around: false }),
        2e-5,
        60,
      ),
    );

    test('no rows give no rows', async () => {
      const problem = problemOf([0], 40, 5, form(40), { activation: 'gelu', bias: true, around: false });
      expect((await evaluate(problem, false)).y.length).toBe(0);
    });

    test.each([
      { shape: [1], vocabulary: 1, width: 1 },
      { shape: [2, 9], vocabulary: 17, width: 37 },
      { shape: [40], vocabulary: 100, width: 128 },
    ])('a table gives the rows of its ids, exactly ($width)', async ({ shape, vocabulary, width }) => {
      const { parts, w, of } = matrixOf(vocabulary, width, form(width));
      const ids = draw(`quantized ids ${shape}`).integers(shape, vocabulary);
      const { y } = await evaluate(
        {
          inputs: { ...parts, ids },
          run: ({ ids, ...matrix }) => quantizedEmbedding(of(matrix), ids!),
          by: [],
          dy: floats([...shape, width], new Float32Array(ids.data.length * width)),
        },
        false,
      );
      const want = [...ids.data].flatMap(id => [...w.data.slice(id * width, (id + 1) * width)]);
      expect([...y]).toEqual(want);
    });

    test.each([
      [1, 1],
      [5, 37],
      [33, 200],
    ])('a matrix [%i, %i] becomes its numbers, exactly', async (outputs, inputs) => {
      const { parts, w, of } = matrixOf(outputs, inputs, form(inputs));
      const { y } = await evaluate(
        { inputs: parts, run: matrix => dequantize(of(matrix)), by: [], dy: { ...w } },
        false,
      );
      expect([...y]).toEqual([...w.data]);
    });
  });

  test('every integer is read as itself', async () => {
    for (const [bits, least, most] of [
      [8, -127, 127],
      [4, -8, 7],
    ] as const) {
      const q = Array.from({ length: most - least + 1 }, (_, i) => least + i);
      const words = new Int32Array(packedWidth(q.length, bits));
      const perWord = 32 / bits;
      q.forEach((value, i) => {
        const code = bits === 8 ? value & 0xff : value + 8;
        words[Math.floor(i / perWord)]! |= code << (bits * (i % perWord));
      });
      const { y } = await evaluate(
        {
          inputs: { packed: ints([1, words.length], words), scales: floats([1, 1], [0.5]) },
          run: ({ packed, scales }) =>
            tf.add(
              dequantize({ packed: packed!, scales: scales!, inputs: q.length, bits, group: q.length }),
              0,
            ),
          by: [],
          dy: floats([1, q.length], q),
        },
        false,
      );
      expect([...y]).toEqual(q.map(value => value / 2));
    }
  });
}
