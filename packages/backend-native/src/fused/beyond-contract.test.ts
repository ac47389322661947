import { expectClose } from '@simvlm/conformance';
import { ADAMW_IN_PLACE, fusedKernel } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeNative } from '../../test/libtorch';
import { registerNativeBackend } from '../index';

// What these kernels do where the contract leaves it open; the contract itself is in the conformance suite.

let seed = 0;
const normal = (...shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', ++seed);
const run = (name: string, inputs: object, attrs: object = {}): tf.Tensor[] =>
  [tf.engine().runKernel(name, inputs as never, attrs as never)].flat();
/** Runs a test and fails where it leaves tensors or handles behind. */
const clean = (body: () => void) => () => {
  const count = () => ({
    tensors: tf.memory().numTensors,
    handles: (tf.memory() as never as { handles: number }).handles,
  });
  const before = count();
  tf.tidy(body);
  expect(count()).toEqual(before);
};

describeNative('fused kernels', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 2 });
    await tf.setBackend('native');
  });

  describe('attention', () => {
    const attrs = { offset: 0, scale: 0.4, gridHeight: 0, gridWidth: 0 };
    const inputsOf = (keys: number) => ({
      ...{ q: normal(3, 4, 2, 8), k: normal(3, keys, 2, 8), v: normal(3, keys, 2, 8) },
      ...{ keyLengths: tf.tensor1d([5, 0, 3], 'int32'), prefixLengths: tf.tensor1d([2, 0, 3], 'int32') },
    });

    test(
      'has the same gradient from weights that were kept and from log Σ exp',
      clean(() => {
        const inputs = inputsOf(6);
        const dy = normal(3, 4, 2, 8);
        const [y, lse] = run(fusedKernel.prefixAttention, inputs, attrs);
        const copy = tf.tensor(lse!.dataSync(), lse!.shape);
        const kept = run(fusedKernel.prefixAttentionGrad, { ...inputs, y, lse, dy }, attrs);
        const again = run(fusedKernel.prefixAttentionGrad, { ...inputs, y, lse: copy, dy }, attrs);
        kept.forEach((gradient, i) => {
          expectClose(again[i]!.dataSync(), gradient.dataSync(), 1e-6);
        });
        // Row 1 has no keys.
        for (const gradient of again)
          expect([...tf.slice(gradient, [1], [1]).dataSync()].every(x => x === 0)).toBe(true);
      }),
    );

    test(
      'over no keys is 0',
      clean(() => {
        const inputs = inputsOf(0);
        const [y, lse] = run(fusedKernel.prefixAttention, inputs, attrs);
        expect(new Set([...y!.dataSync(), ...lse!.dataSync()])).toEqual(
          new Set([0, Number.NEGATIVE_INFINITY]),
        );
        const [dq] = run(fusedKernel.prefixAttentionGrad, { ...inputs, y, lse, dy: y }, attrs);
        expect(new Set(dq!.dataSync())).toEqual(new Set([0]));
      }),
    );
  });

  test(
    'a label outside the vocabulary gives a loss that is not a number, and harms no other row',
    clean(() => {
      const inputs = { logits: normal(2, 3), labels: tf.tensor1d([3, 1], 'int32'), weights: tf.ones([2]) };
      const [loss] = run(fusedKernel.crossEntropy, inputs, { labelSmoothing: 0 });
      expect(loss!.dataSync()[0]).toBeNaN();
      expect(loss!.dataSync()[1]).toBeGreaterThan(0);
    }),
  );

  test(
    'group norm keeps its digits far from 0',
    clean(() => {
      const x = normal(2, 4, 4, 8);
      const affine = { gamma: tf.ones([8]), beta: tf.zeros([8]) };
      const attrs = { groups: 2, epsilon: 1e-5, activation: 'none' };
      const [near] = run(fusedKernel.groupNorm, { x, ...affine }, attrs);
      const [far] = run(fusedKernel.groupNorm, { x: tf.add(x, 1000), ...affine }, attrs);
      expectClose(far!.dataSync(), near!.dataSync(), 1e-3);
    }),
  );

  test(
    'kernels take transposed and sliced tensors, which are views here',
    clean(() => {
      const [x, dy] = [tf.transpose(normal(5, 6, 4), [1, 0, 2]), tf.transpose(normal(5, 6, 4), [1, 0, 2])];
      const gamma = tf.slice(normal(9), [2], [4]);
      const copy = (t: tf.Tensor) => tf.tensor(t.dataSync(), t.shape);
      const both = (name: string, inputs: Record<string, tf.Tensor>, attrs: object) => {
        const copies = Object.fromEntries(Object.entries(inputs).map(([key, t]) => [key, copy(t)]));
        const [viewed, copied] = [run(name, inputs, attrs), run(name, copies, attrs)];
        viewed.forEach((t, i) => {
          expectClose(t.dataSync(), copied[i]!.dataSync(), 1e-6, name);
        });
        return viewed;
      };
      const [, mean, rstd] = both(fusedKernel.layerNorm, { x, gamma, beta: gamma }, { epsilon: 1e-5 });
      both(fusedKernel.layerNormGrad, { x, gamma, mean: mean!, rstd: rstd!, dy }, { epsilon: 1e-5 });
      const linear = { activation: 'gelu', transposeW: false };
      const w = tf.transpose(normal(7, 4));
      const [, z] = both(fusedKernel.linear, { x, w }, linear);
      both(
        fusedKernel.linearGrad,
        {
          x,
          w,
          z: z!,
          dy: tf.reshape(
            tf.transpose(tf.transpose(tf.transpose(normal(7, 6, 5)), [1, 0, 2]), [1, 0, 2]),
            [6, 5, 7],
          ),
        },
        { ...linear, wanted: 'all' },
      );
      const [maps, dmaps] = [
        tf.transpose(normal(2, 3, 5, 4), [0, 2, 1, 3]),
        tf.transpose(normal(2, 3, 5, 4), [0, 2, 1, 3]),
      ];
      const group = { groups: 2, epsilon: 1e-5, activation: 'relu' };
      const [, m, r] = both(fusedKernel.groupNorm, { x: maps, gamma, beta: gamma }, group);
      both(fusedKernel.groupNormGrad, { x: maps, gamma, beta: gamma, mean: m!, rstd: r!, dy: dmaps }, group);
    }),
  );

  test.each([
    ['numbers of the host', (x: number) => tf.scalar(x)],
    ['tensors', (x: number) => tf.reshape(tf.add(tf.scalar(x), tf.zeros([1])), [])],
  ])('AdamW in place with learning rate and step as %s is AdamW', (_, scalar) =>
    clean(() => {
      const rates = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
      const shapes = [[3], [2, 5], []];
      const weightDecays = [0, 0.1, 0.1];
      const made = () => shapes.map(shape => tf.mul(normal(...shape), 1));
      const [params, grads, ms, vs] = [made(), made(), made(), made().map(v => tf.square(v))] as const;
      const gradScale = tf.scalar(0.5);
      const want = shapes.map((_, i) =>
        run(
          fusedKernel.adamw,
          { param: params[i], grad: grads[i], m: ms[i], v: vs[i], gradScale },
          { ...rates, weightDecay: weightDecays[i], learningRate: 0.02, step: 3 },
        ),
      );
      const scalars = [gradScale, scalar(0.02), scalar(3)];
      expect(
        run(ADAMW_IN_PLACE, [...params, ...grads, ...ms, ...vs, ...scalars], { ...rates, weightDecays }),
      ).toEqual([]);
      want.forEach((outputs, i) => {
        [params[i]!, ms[i]!, vs[i]!].forEach((now, j) => {
          expectClose(now.dataSync(), outputs[j]!.dataSync(), 3e-7);
        });
      });
    })(),
  );
});
