import { readSafetensors } from '@simvlm/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import {
  batches,
  type DataOptions,
  errorOf,
  type RunOptions,
  run,
  useBackend,
} from '../../trainer/test/tiny';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

/** Maps of 16 pixels or more: norms over a few numbers have gradients that are noise. */
const convolutions = {
  kind: 'conv',
  stem: { kernel: 3, stride: 1, channels: 32, pool: false },
  stages: [
    { blocks: 1, channels: 64, stride: 1 },
    { blocks: 1, channels: 64, stride: 2 },
  ],
};

describeNative('training by captured steps', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
  });

  const both = async (options: RunOptions, data: DataOptions) => {
    await tf.setBackend('native');
    const plain = await run({ ...options, batches: batches(data) });
    const config = { ...options.config, captureSteps: true };
    return { plain, captured: await run({ ...options, config, batches: batches(data) }) };
  };

  test.each<[string, RunOptions, DataOptions]>([
    ['of pictures with captions', {}, {}],
    ['of a decoder alone', { model: { architecture: 'decoder-only' } }, {}],
    ['with documents beside the pairs', {}, { documents: true }],
    ['with documents alone', {}, { images: false, documents: true }],
    [
      'of two batches a step',
      { config: { accumulate: 2 }, learner: { labelSmoothing: 0.1 } },
      { documents: true },
    ],
    ['without clipping', { config: { clip: 0 } }, {}],
    ['with blocks that are computed once more', { learner: { checkpointBlocks: true } }, { documents: true }],
    [
      'with a learning rate for each layer, frozen parts and an average',
      { config: { layerDecay: 0.8, freeze: ['patcher.*'], emaDecay: 0.9 } },
      {},
    ],
    [
      'with dropout and stochastic depth',
      {
        config: { accumulate: 2 },
        learner: { dropout: 0.2, stochasticDepth: 0.3, checkpointBlocks: true },
      },
      { documents: true },
    ],
    ['behind convolutions', { model: { patcher: convolutions }, config: { learningRate: 0.001 } }, {}],
  ])('%s is training: losses, gradient norms and weights', async (_, options, data) => {
    const { plain, captured } = await both(options, data);
    expect(captured.metrics.length).toBe(12);
    captured.metrics.forEach((metrics, i) => {
      const want = plain.metrics[i]!;
      expect(Math.abs(metrics.loss - want.loss), `loss ${i}`).toBeLessThan(1e-4);
      expect(metrics.gradientNorm / want.gradientNorm, `norm ${i}`).toBeCloseTo(1, 3);
      expect([metrics.count, metrics.rows]).toEqual([want.count, want.rows]);
    });
    const [a, b] = [plain, captured].map(({ weights }) => readSafetensors(weights).tensors);
    for (const [name, { values }] of a!) {
      const got = b!.get(name)!.values;
      values.forEach((value, i) => {
        // AdamW makes steps of the learning rate out of gradients of 10⁻⁸, whose digits differ.
        expect(Math.abs(value - got[i]!), `${name}[${i}]`).toBeLessThan(0.02);
      });
    }
  });

  // No other test of this file has this grid, and none may have run before: tables of the bias are made within the recording.
  test('needs no step before it', async () => {
    await tf.setBackend('native');
    const patcher = { kind: 'linear', patchSize: 2 };
    const { losses } = await run({ model: { patcher }, config: { captureSteps: true } });
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test('leaves nothing behind, and takes no more memory with more steps', async () => {
    await tf.setBackend('native');
    const before = tf.memory().numTensors;
    const tensors: number[] = [];
    await run({
      config: { captureSteps: true, steps: 30 },
      callbacks: [{ onStep: () => void tensors.push(tf.memory().numTensors) }],
    });
    // Two shapes, with and without a text prefix: each is recorded once.
    expect(new Set(tensors).size).toBeLessThanOrEqual(2);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('diverges with an error', async () => {
    await tf.setBackend('native');
    const error = await errorOf(run({ config: { captureSteps: true, learningRate: 1e30, clip: 0 } }));
    expect(error).toMatchObject({ code: 'TRAINING_DIVERGED' });
  });

  test('is refused on another backend', async () => {
    await useBackend('wasm');
    const error = await errorOf(run({ config: { captureSteps: true } }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining("not 'wasm'") });
  });
});
