import { prefixAttention } from '@simvlm/attention';
import { BackendError, Random } from '@simvlm/core';
import {
  crossEntropy,
  embedding,
  layerNorm,
  linear,
  packedWidth,
  quantizedLinear,
  quantizeRows,
} from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerWasmBackend, type WasmMemory } from '../src/index';

const bytesInUse = () => (tf.memory() as unknown as WasmMemory).bytesInUse;

beforeAll(async () => {
  await registerWasmBackend({ threads: 2 });
  await tf.setBackend('wasm');
});

/** Forward and backward through a small network of any shape. */
function trainOnce(batch: number, tokens: number, heads: number, depth: number, vocabulary: number): void {
  const width = heads * depth;
  tf.tidy(() => {
    const ids = tf.zeros([batch, tokens], 'int32');
    const lengths = tf.fill([batch], tokens, 'int32');
    const f = (table: tf.Tensor, gamma: tf.Tensor, w: tf.Tensor) => {
      const x = layerNorm(embedding(table, ids), gamma, tf.zerosLike(gamma));
      const q = tf.reshape(linear(x, w, undefined, { activation: 'gelu' }), [batch, tokens, heads, depth]);
      const y = prefixAttention({ q, k: q, v: q, keyLengths: lengths, prefixLengths: tf.zerosLike(lengths) });
      const logits = linear(tf.reshape(y, [batch * tokens, width]), table, undefined, { transposeW: true });
      const labels = tf.reshape(ids, [-1]);
      return tf.mean(crossEntropy(logits, labels, tf.ones([batch * tokens]))) as tf.Scalar;
    };
    const { value, grads } = tf.valueAndGrads(f as (...xs: tf.Tensor[]) => tf.Scalar)([
      tf.fill([vocabulary, width], 0.1),
      tf.ones([width]),
      tf.fill([width, width], 0.1),
    ]);
    expect(value.dataSync()[0]).toBeGreaterThanOrEqual(0);
    expect(grads.length).toBe(3);
  });
}

describe('memory', () => {
  test('is as full after a hundred steps of changing shapes as before', () => {
    const random = Random.fromSeed(7);
    const [bytes, tensors] = [bytesInUse(), tf.memory().numTensors];
    for (let i = 0; i < 100; i++) {
      const upTo = (most: number) => 1 + random.integer(most);
      trainOnce(upTo(5), upTo(17), upTo(3), upTo(9), upTo(40));
      expect(bytesInUse(), `after step ${i}`).toBe(bytes);
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('stops growing once the largest shape has been seen', () => {
    const reserved = () => (tf.memory() as unknown as WasmMemory).bytesReserved;
    trainOnce(8, 40, 4, 16, 300);
    const before = reserved();
    for (let i = 0; i < 30; i++) trainOnce(1 + (i % 8), 40 - i, 4, 16, 300 - i);
    expect(reserved()).toBe(before);
  });

  test('never holds a whole matrix of integers as numbers', () => {
    const reserved = () => (tf.memory() as unknown as WasmMemory).bytesReserved;
    const [outputs, inputs, bits] = [100_000, 64, 8] as const;
    const { packed, scales } = quantizeRows(new Float32Array(outputs * inputs).fill(1), inputs, {
      ...{ bits, group: inputs },
    });
    const matrix = {
      packed: tf.tensor2d(packed, [outputs, packedWidth(inputs, bits)], 'int32'),
      scales: tf.tensor2d(scales, [outputs, 1]),
      ...{ inputs, bits, group: inputs },
    };
    const sumOf = (rows: number) =>
      tf.tidy(() => tf.mean(quantizedLinear(tf.ones([rows, inputs]), matrix)).dataSync()[0]);
    expect(sumOf(4)).toBeCloseTo(inputs, 3);
    const before = reserved();
    expect(sumOf(16)).toBeCloseTo(inputs, 3);
    // 6.4 MB of outputs; the numbers of the matrix would be 25.6 MB.
    expect(reserved() - before).toBeLessThan(12e6);
    tf.dispose([matrix.packed, matrix.scales]);
  });

  test('that runs out is a typed error, and the backend goes on', async () => {
    const [bytes, tensors] = [bytesInUse(), tf.memory().numTensors];
    const attempt = () => tf.fill([2 ** 15, 2 ** 15], 1);
    expect(attempt).toThrow(BackendError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
    expect([bytesInUse(), tf.memory().numTensors]).toEqual([bytes, tensors]);
    const sum = tf.tidy(() => tf.sum(tf.fill([3], 2)));
    expect(await sum.data()).toEqual(Float32Array.of(6));
    sum.dispose();
  });

  test('of a tensor is given back when it is disposed, at once', () => {
    const before = bytesInUse();
    const x = tf.fill([1000, 1000], 1);
    expect(bytesInUse() - before).toBeGreaterThanOrEqual(4_000_000);
    const view = tf.reshape(x, [500, 2000]);
    expect(bytesInUse() - before).toBeLessThan(4_100_000);
    x.dispose();
    expect(view.dataSync()[999_999]).toBe(1);
    view.dispose();
    expect(bytesInUse()).toBe(before);
  });

  test('that was read is a copy: it stays as it was when the tensor is gone', () => {
    const x = tf.fill([4], 3);
    const values = x.dataSync();
    x.dispose();
    tf.tidy(() => void tf.fill([4], 5));
    expect([...values]).toEqual([3, 3, 3, 3]);
  });
});
