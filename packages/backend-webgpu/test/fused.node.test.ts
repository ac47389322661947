import { expectClose } from '@simvlm/conformance';
import {
  adamwInPlace,
  adamwStep,
  canAdamwInPlace,
  captureStep,
  fusedKernel,
  globalNorm,
  layerNorm,
} from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect } from 'vitest';
import { webGpuBackend } from '../src/index';
import { describe, ready, test } from './node';

// What these kernels do beyond the conformance suite.

let seed = 0;
const normal = (...shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', ++seed);
const run = (name: string, inputs: object, attrs: object = {}): tf.Tensor[] =>
  [tf.engine().runKernel(name, inputs as never, attrs as never)].flat();
const read = (tensors: readonly tf.Tensor[]): Promise<Float32Array[]> =>
  Promise.all(tensors.map(tensor => tensor.data() as Promise<Float32Array>));

beforeAll(async () => {
  await ready();
  await tf.setBackend('webgpu');
});

describe('sums over a workgroup', () => {
  const has = () => webGpuBackend()!.device.features.has('subgroups' as GPUFeatureName);

  afterEach(() => {
    webGpuBackend()!.subgroups = has();
  });

  test.each<[string, (x: tf.Tensor, w: tf.Tensor) => tf.Tensor[]]>([
    ['layer norm', (x, w) => run(fusedKernel.layerNorm, { x, gamma: w, beta: w }, { epsilon: 1e-6 })],
    [
      'the gradient of layer norm',
      (x, w) => {
        const stats = run(fusedKernel.layerNorm, { x, gamma: w, beta: w }, { epsilon: 1e-6 });
        const [, mean, rstd] = stats;
        return run(fusedKernel.layerNormGrad, { x, gamma: w, mean, rstd, dy: x }, { epsilon: 1e-6 });
      },
    ],
    [
      'group norm and its gradient',
      (x, w) => {
        const attrs = { groups: 4, epsilon: 1e-6, activation: 'relu' };
        const maps = { x: tf.reshape(x, [2, 3, 5, 100]), gamma: w, beta: w };
        const [y, mean, rstd] = run(fusedKernel.groupNorm, maps, attrs);
        return [y!, ...run(fusedKernel.groupNormGrad, { ...maps, mean, rstd, dy: y }, attrs)];
      },
    ],
    [
      'cross-entropy',
      x => {
        const labels = tf.range(0, 30, 1, 'int32');
        return run(
          fusedKernel.crossEntropy,
          { logits: x, labels, weights: tf.ones([30]) },
          { labelSmoothing: 0.1 },
        );
      },
    ],
    ['the global norm', x => [globalNorm([x, tf.mul(x, 3)])]],
  ])('%s is the same with subgroups and without', async (_, f) => {
    const x = normal(30, 100);
    const w = normal(100);
    const results: Float32Array[][] = [];
    for (const subgroups of has() ? [false, true] : [false]) {
      webGpuBackend()!.subgroups = subgroups;
      results.push(await read(tf.tidy(() => f(x, w))));
    }
    const [plain, fast = plain] = results;
    plain!.forEach((values, i) => {
      expectClose(fast![i]!, values, 1e-5);
    });
    expect(plain![0]!.some(value => value !== 0)).toBe(true);
  });
});

describe('more rows than blocks of rows', () => {
  test('layer norm adds up the gradients of scale and shift', async () => {
    const [R, D] = [20_000, 70];
    const [x, dy, gamma] = [normal(R, D), normal(R, D), tf.ones([D])];
    const [, mean, rstd] = run(fusedKernel.layerNorm, { x, gamma, beta: gamma }, { epsilon: 1e-6 });
    const [, dgamma, dbeta] = await read(
      run(fusedKernel.layerNormGrad, { x, gamma, mean, rstd, dy }, { epsilon: 1e-6 }),
    );
    const [xs, dys] = await read([x, dy]);
    const want = { dgamma: new Float64Array(D), dbeta: new Float64Array(D) };
    for (let row = 0; row < R; row++) {
      const numbers = xs!.subarray(row * D, (row + 1) * D);
      const average = numbers.reduce((sum, v) => sum + v, 0) / D;
      const variance = numbers.reduce((sum, v) => sum + (v - average) ** 2, 0) / D;
      numbers.forEach((v, i) => {
        const g = dys![row * D + i]!;
        want.dgamma[i]! += (g * (v - average)) / Math.sqrt(variance + 1e-6);
        want.dbeta[i]! += g;
      });
    }
    // Sums of R numbers of size 1 have the size √R.
    const scaled = (sums: ArrayLike<number>) => Array.from(sums, sum => sum / Math.sqrt(R));
    expectClose(scaled(dgamma!), scaled(want.dgamma), 1e-6, 'dgamma');
    expectClose(scaled(dbeta!), scaled(want.dbeta), 1e-6, 'dbeta');
  });

  test('an embedding of a large vocabulary adds up, in the order of the ids; ids out of range count for nothing', async () => {
    const [V, R, D] = [32_000, 2048, 70];
    const ids = Int32Array.from({ length: R }, (_, i) => (i % 3 === 0 ? 7 : (i * 7919) % V));
    ids[5] = -1;
    ids[6] = V;
    const dy = normal(R, D);
    const inputs = { ids: tf.tensor1d(ids, 'int32'), dy };
    const [[dtable], [again], [dys]] = await Promise.all([
      read(run(fusedKernel.embeddingGrad, inputs, { vocabSize: V })),
      read(run(fusedKernel.embeddingGrad, inputs, { vocabSize: V })),
      read([dy]),
    ]);
    const want = new Float32Array(V * D);
    ids.forEach((id, row) => {
      if (id < 0 || id >= V) return;
      for (let i = 0; i < D; i++) want[id * D + i]! += dys![row * D + i]!;
    });
    expect(dtable!.every((value, i) => value === want[i])).toBe(true);
    expect(again!.every((value, i) => value === dtable![i])).toBe(true);
  });
});

test('a label outside the vocabulary gives a loss that is not a number, and harms no other row', async () => {
  const inputs = { logits: normal(2, 3), labels: tf.tensor1d([3, 1], 'int32'), weights: tf.ones([2]) };
  const [loss] = await read(run(fusedKernel.crossEntropy, inputs, { labelSmoothing: 0 }));
  expect(loss![0]).toBeNaN();
  expect(loss![1]).toBeGreaterThan(0);
});

test('the norm over more tensors than a launch binds is that over all', async () => {
  const tensors = Array.from({ length: 53 }, (_, i) => tf.fill([i % 5, 100], 2));
  const [norm] = await read([globalNorm(tensors)]);
  const count = tensors.reduce((sum, { size }) => sum + size, 0);
  expect(norm![0]).toBeCloseTo(2 * Math.sqrt(count), 4);
});

describe('AdamW in place', () => {
  const rates = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const shapes = [[3], [2, 5], [], [0, 4], [40, 30], [7], [700]];
  const weightDecays = shapes.map((_, i) => (i % 2 === 0 ? 0 : 0.1));
  const made = (): tf.Tensor[] => shapes.map(shape => normal(...shape));

  test.each([1, 2, 1000])(
    'is AdamW in step %d, few launches, and seen by whoever shares the memory',
    async step => {
      expect(canAdamwInPlace()).toBe(true);
      const [params, grads, m] = [made(), made(), made()];
      const v = made().map(tensor => tf.square(tensor));
      const scalars = {
        ...{ gradScale: tf.scalar(0.5), learningRate: tf.scalar(0.01), step: tf.scalar(step) },
      };
      const want = await read(
        params.flatMap((param, i) =>
          adamwStep(
            { param, grad: grads[i]!, m: m[i]!, v: v[i]!, gradScale: scalars.gradScale },
            { ...rates, learningRate: 0.01, step, weightDecay: weightDecays[i]! },
          ),
        ),
      );
      const clone = params[4]!.clone();
      // Known on the host before, stale afterwards.
      const before = await clone.data();
      const launches = webGpuBackend()!.launches;
      adamwInPlace({ params, grads, m, v }, scalars, { ...rates, weightDecays });
      expect(webGpuBackend()!.launches - launches).toBeLessThanOrEqual(1 + 6);
      const got = await read(params.flatMap((param, i): tf.Tensor[] => [param, m[i]!, v[i]!]));
      got.forEach((values, i) => {
        expectClose(values, want[i]!, 1e-6, `tensor ${i}`);
      });
      const after = await clone.data();
      expect([...after]).toEqual([...got[12]!]);
      expect(after[0]).not.toBe(before[0]);
    },
  );

  test('works within a captured step, which runs as it is here', async () => {
    const param = tf.variable(tf.ones([4]));
    const [m, v] = [tf.zeros([4]), tf.zeros([4])];
    const inputs = { x: tf.keep(normal(3, 4)), learningRate: tf.scalar(0), step: tf.scalar(0) };
    const captured = captureStep({
      inputs,
      step: ({ x, learningRate, step }) => {
        const { value, grads } = tf.variableGrads(
          () => tf.sum(tf.square(layerNorm(x!, param, tf.zeros([4])))) as tf.Scalar,
          [param],
        );
        const scalars = { gradScale: tf.scalar(1), learningRate, step } as Parameters<typeof adamwInPlace>[1];
        const tensors = { params: [param], grads: [grads[param.name]!], m: [m], v: [v] };
        adamwInPlace(tensors, scalars, { ...rates, weightDecays: [0] });
        return { value };
      },
    });
    const losses: number[] = [];
    const tensors: number[] = [];
    for (let step = 1; step <= 4; step++) {
      captured.write('learningRate', [0.1]);
      captured.write('step', [step]);
      losses.push((await captured.run().value.data())[0]!);
      tensors.push(tf.memory().numTensors);
    }
    // Each step makes of the parameter a tenth less.
    expect(losses[3]!).toBeLessThan(losses[0]! * 0.6);
    expect((await param.data())[0]).toBeCloseTo(0.6, 2);
    expect(new Set(tensors).size).toBe(1);
    captured.dispose();
  });
});
