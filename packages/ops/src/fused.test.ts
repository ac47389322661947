import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fusedKernel, globalNorm, layerNorm } from './index';

/** A backend that has every standard kernel and none of ours. */
const OTHER = 'another-cpu';

beforeAll(async () => {
  await tf.setBackend('cpu');
  const CpuBackend = tf.findBackend('cpu').constructor as new () => tf.KernelBackend;
  tf.registerBackend(OTHER, () => new CpuBackend());
  tf.copyRegisteredKernels('cpu', OTHER);
  await tf.setBackend(OTHER);
});

afterAll(async () => {
  await tf.setBackend('cpu');
  tf.removeBackend(OTHER);
});

describe('a backend', () => {
  test('without a fused kernel gets its reference at first use, and no other backend does', () => {
    expect(tf.getKernel(fusedKernel.layerNorm, OTHER)).toBeUndefined();
    const y = tf.tidy(() => layerNorm(tf.tensor1d([1, 3]), tf.ones([2]), tf.zeros([2])).dataSync());
    expect(y[0]).toBeCloseTo(-1, 5);
    expect(tf.getKernel(fusedKernel.layerNorm, OTHER)).toBeDefined();
    expect(tf.getKernel(fusedKernel.layerNormGrad, OTHER), 'not needed yet').toBeUndefined();
    expect(tf.getKernel(fusedKernel.layerNorm, 'cpu')).toBeUndefined();
  });

  test('keeps the reference that it has: nothing is registered twice', () => {
    const run = () => tf.tidy(() => void layerNorm(tf.tensor1d([1, 3]), tf.ones([2]), tf.zeros([2])));
    run();
    const first = tf.getKernel(fusedKernel.layerNorm, OTHER);
    run();
    expect(tf.getKernel(fusedKernel.layerNorm, OTHER)).toBe(first);
  });

  test('with a kernel of its own uses that', () => {
    const own: tf.KernelConfig = {
      kernelName: fusedKernel.globalNorm,
      backendName: OTHER,
      kernelFunc: () => tf.scalar(42),
    };
    tf.registerKernel(own);
    expect(tf.tidy(() => globalNorm([tf.ones([3])]).dataSync()[0])).toBe(42);
    expect(tf.getKernel(fusedKernel.globalNorm, OTHER)).toBe(own);
    tf.unregisterKernel(fusedKernel.globalNorm, OTHER);
  });
});

test('every fused kernel has a name of its own that says whose it is', () => {
  const names = Object.values(fusedKernel);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^SimVlm[A-Z]\w+$/);
});
