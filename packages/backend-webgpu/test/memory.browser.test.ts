import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { train } from '@simvlm/trainer';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect } from 'vitest';
import { batches, tinyConfig } from '../../trainer/test/tiny';
import { webGpuBackend } from '../src/index';
import { describe, ready, test } from './node';

/** Tensors and bytes that live, once all that was asked of the device is done: what is disposed goes with the commands that use it. */
function inUse(): { tensors: number; bytes: number } {
  const backend = webGpuBackend()!;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  return { tensors: tf.memory().numTensors, bytes: backend.memory().numBytesInGPU };
}

describe('memory', () => {
  beforeAll(async () => {
    await ready();
    await tf.setBackend('webgpu');
  });

  test('is the same over 100 steps of training and 20 generations, and all of it comes back', async () => {
    const atFirst = inUse();
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const seen: ReturnType<typeof inUse>[] = [];
    await train({
      learner: prefixLmLearner(model),
      batches: batches({ documents: true }),
      config: { learningRate: 0.01, steps: 100 },
      callbacks: [{ onStep: () => void seen.push(inUse()) }],
    });
    expect(seen.length).toBe(100);
    expect(new Set(seen.slice(1).map(({ tensors }) => tensors)).size).toBe(1);
    expect(new Set(seen.slice(1).map(({ bytes }) => bytes)).size).toBe(1);

    const trained = inUse();
    const images = new Uint8Array(2 * 8 * 8 * 3).fill(190);
    for (let i = 0; i < 20; i++) {
      await model.generate({ images });
      expect(inUse()).toEqual(trained);
    }
    model.dispose();
    expect(inUse()).toEqual(atFirst);
  });
});
