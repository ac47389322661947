import { SimVlm, type SimVlmConfig } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { decodingBytes } from './decoding';
import { forwardFlops, rowFlops, trainingFlops } from './flops';

const config: SimVlmConfig = {
  architecture: 'encoder-decoder',
  imageSize: 32,
  width: 24,
  layers: 2,
  heads: 3,
  mlp: 40,
  vocabSize: 29,
  maxTextLength: 7,
  tokens: { pad: 0, bos: 1, eos: 2 },
  patcher: {
    kind: 'conv',
    stem: { kernel: 7, stride: 2, channels: 8, pool: true },
    stages: [
      { blocks: 2, channels: 16, stride: 1 },
      { blocks: 1, channels: 32, stride: 2 },
    ],
  },
};
const [rows, length] = [2, 7];

beforeAll(() => tf.setBackend('cpu'));

/** Two operations for each product of the kernels that run on tfjs's CPU backend, whose fused operations are plain ones. */
async function countedFlops(run: () => tf.Tensor): Promise<number> {
  const { kernels } = await tf.profile(() => tf.tidy(run));
  const size = (shape: number[]) => shape.reduce((product, extent) => product * extent, 1);
  return kernels.reduce((sum, { name, inputShapes, outputShapes }) => {
    const [a, b, out] = [inputShapes[0]!, inputShapes[1]!, outputShapes[0]!];
    if (name === 'Conv2D') return sum + 2 * size(out) * size(b.slice(0, 3));
    // [batch, M, K] · [batch, K, N], each transposed or not: their sizes over that of [batch, M, N] are batch · K².
    if (name === 'BatchMatMul')
      return sum + 2 * size(out) * Math.sqrt((size(a) * size(b)) / size(out) / size(out.slice(0, -2)));
    return sum;
  }, 0);
}

test('the flops of a forward pass are those of its matrix products and convolutions', async () => {
  const model = SimVlm.create(config);
  const batch = {
    size: rows,
    length,
    tokens: new Int32Array(rows * length).fill(3),
    textLengths: new Int32Array(rows).fill(length),
    prefixLengths: new Int32Array(rows),
    images: { side: 32, pixels: new Uint8Array(rows * 32 * 32 * 3) },
    ids: ['0', '1'],
  };
  const counted = await countedFlops(() => model.logits(batch));
  expect(counted).toBeGreaterThan(0);
  expect(rows * forwardFlops(config, length).total).toBe(counted);
  expect(trainingFlops(config, rows, length)).toBe(3 * counted);
  model.dispose();
});

test.each([true, false])('with a prefix, and with an image: %s', async image => {
  const model = SimVlm.create(config);
  const prefix = 4;
  const batch = {
    size: rows,
    length,
    tokens: new Int32Array(rows * length).fill(3),
    textLengths: new Int32Array(rows).fill(length),
    // One row has a prefix and one has none, so that both sides are as long as they get.
    prefixLengths: Int32Array.of(prefix, 0),
    ...(image && { images: { side: 32, pixels: new Uint8Array(rows * 32 * 32 * 3) } }),
    ids: ['0', '1'],
  };
  const counted = await countedFlops(() => model.logits(batch));
  expect(rows * rowFlops(config, { image, prefixTokens: prefix, textTokens: length }).total).toBe(counted);
  model.dispose();
});

test('a decoding step reads each matrix once, and the keys and values of every row', () => {
  // By hand: 2 layers of 4 + 2 matrices 24 × 24 and two 24 × 40; the table 29 × 24; 4 + 4 places of 2 · 24 numbers a layer and row.
  const weights = 2 * (6 * 576 + 2 * 960) + 696;
  expect(decodingBytes(config, 1, 4, 7, 4)).toBe(4 * (weights + 2 * 8 * 48));
  expect(decodingBytes(config, 3, 4, 7, 2)).toBe(2 * (weights + 3 * 2 * 8 * 48));
});
