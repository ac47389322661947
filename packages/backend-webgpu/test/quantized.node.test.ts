import { Random } from '@simvlm/core';
import { dequantizeRows, packedWidth, quantizedLinear, quantizeRows } from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type GemmForm, tileProgram } from '../src/gemm-tile';
import { webGpuBackend } from '../src/index';
import { moduleText } from '../src/program';
import { describe, ready, test } from './node';

const random = Random.fromSeed(11);
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());

beforeAll(async () => {
  await ready();
  await tf.setBackend('webgpu');
});

/** The widest difference of x · Wᵀ + b from float64. */
async function worst(R: number, I: number, O: number, bits: 8 | 4, group: number): Promise<number> {
  const [x, b] = [normal(R * I), normal(O)];
  const { packed, scales } = quantizeRows(normal(O * I), I, { bits, group });
  const w = dequantizeRows({ packed, scales }, I, { bits, group });
  const matrix = {
    ...{ inputs: I, bits, group },
    packed: tf.tensor2d(packed, [O, packedWidth(I, bits)], 'int32'),
    scales: tf.tensor2d(scales, [O, Math.ceil(I / group)]),
  };
  const y = await quantizedLinear(tf.tensor2d(x, [R, I]), matrix, tf.tensor1d(b)).data();
  let most = 0;
  for (let r = 0; r < R; r++) {
    for (let o = 0; o < O; o++) {
      let sum = b[o]!;
      for (let i = 0; i < I; i++) sum += x[r * I + i]! * w[o * I + i]!;
      most = Math.max(most, Math.abs(sum - y[r * O + o]!));
    }
  }
  return most;
}

/** Both kinds of programs, whichever this device would take. */
describe.each(['workgroup', 'registers'] as const)('products with integers, tiles in %s', tiles => {
  let usual: typeof tiles;
  beforeAll(() => {
    const backend = webGpuBackend()!;
    usual = backend.tiles;
    backend.tiles = tiles;
  });
  afterAll(() => {
    webGpuBackend()!.tiles = usual;
  });

  test.each([
    // Whole fours of words and not, rows of C that are fours and not.
    { R: 70, I: 64, O: 36 },
    { R: 33, I: 72, O: 44 },
    { R: 41, I: 37, O: 35 },
    // Slabs of K.
    { R: 40, I: 1024, O: 44 },
    // Few rows, more columns than a workgroup makes.
    { R: 1, I: 768, O: 100 },
    { R: 3, I: 100, O: 37 },
    { R: 8, I: 128, O: 260 },
  ])('$R × $I → $O', async ({ R, I, O }) => {
    // What float32 sums of I terms of size 1 may be off by.
    for (const [bits, group] of [
      [8, I],
      [8, 32],
      [4, I],
      [4, 32],
    ] as const)
      expect(await worst(R, I, O, bits, group)).toBeLessThan(2e-6 * Math.sqrt(I + 1) + 1e-7 * I);
  });
});

test('in f16 a number is scaled before it is multiplied, as 127 times an outlier would be no f16', () => {
  const form: GemmForm = {
    ...{ side: 64, transposeA: false, transposeB: true, wide: { a: false, b: false, c: true } },
    ...{ bias: false, activation: 'none', z: false, half: true },
    quantized: { bits: 8, grouped: false },
  };
  expect(moduleText(tileProgram(form))).toMatch(/fn fetchB[\s\S]*\) \* scales\[/);
});
