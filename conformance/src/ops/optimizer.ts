import { type AdamWAttrs, adamwStep, clipScale, globalNorm } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { toTensor, toTensors } from '../fused/problem';
import { draw, filled, floats, type Values } from '../fused/values';

async function normOf(values: readonly Values[]): Promise<number> {
  const before = tf.memory().numTensors;
  const tensors = values.map(toTensor);
  const norm = globalNorm(tensors);
  const [value] = await norm.data();
  tf.dispose([tensors, norm]);
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  return value!;
}

async function adamw(inputs: Record<'param' | 'grad' | 'm' | 'v' | 'gradScale', Values>, attrs: AdamWAttrs) {
  const before = tf.memory().numTensors;
  const tensors = toTensors(inputs) as Record<keyof typeof inputs, tf.Tensor>;
  const outputs = adamwStep(tensors, attrs);
  const [param, m, v] = await Promise.all(outputs.map(output => output.data()));
  const kept = await tensors.param.data();
  expect([...kept], 'the parameter given').toEqual([...inputs.param.data]);
  tf.dispose([outputs, tensors]);
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  return { param: param!, m: m!, v: v! };
}

export function describeOptimizer(): void {
  describe('the global norm', () => {
    test('is that of float64, over tensors of any size', async () => {
      const { normal } = draw('global norm');
      const tensors = [normal([3]), normal([40_000], 1e-3), normal([0]), normal([5, 7], 100), normal([])];
      const want = Math.sqrt(tensors.flatMap(({ data }) => [...data]).reduce((sum, x) => sum + x * x, 0));
      expect(Math.abs((await normOf(tensors)) / want - 1)).toBeLessThan(1e-6);
    });

    test('of a million numbers keeps its digits', async () => {
      const norm = await normOf([filled([1_000_003], 0.1)]);
      expect(Math.abs(norm / (Math.fround(0.1) * Math.sqrt(1_000_003)) - 1)).toBeLessThan(1e-6);
    });

    test.each([
      { values: [3, 4], limit: 1, scale: 0.2 },
      { values: [3, 4], limit: 5, scale: 1 },
      { values: [0.3, 0.4], limit: 1, scale: 1 },
      { values: [0, 0], limit: 1, scale: 1 },
    ])('of $values is clipped to $limit by the factor $scale', async ({ values, limit, scale }) => {
      const factor = tf.tidy(() => clipScale(globalNorm([tf.tensor1d(values)]), limit));
      expect((await factor.data())[0]).toBeCloseTo(scale, 6);
      factor.dispose();
    });

    test('of a gradient that is not a number is not a number', async () => {
      expect(await normOf([floats([3], [1, Number.NaN, 2])])).toBeNaN();
    });
  });

  describe('AdamW', () => {
    test.each([
      { step: 1, shape: [1] },
      { step: 2, shape: [31, 7] },
      { step: 3, shape: [3, 1, 17] },
      { step: 1000, shape: [31, 7] },
    ])('is that of float64 in step $step for [$shape]', async ({ step, shape }) => {
      const attrs: AdamWAttrs = {
        learningRate: 1e-2,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.1,
        step,
      };
      const { normal } = draw(`AdamW ${step}`);
      const inputs = {
        param: normal(shape),
        grad: normal(shape),
        m: normal(shape),
        v: floats(
          shape,
          normal(shape).data.map(x => x * x),
        ),
        gradScale: floats([], [0.25]),
      };
      const { param, m, v } = await adamw(inputs, attrs);
      const wantM = inputs.m.data.map((x, i) => 0.9 * x + 0.1 * 0.25 * inputs.grad.data[i]!);
      const wantV = inputs.v.data.map((x, i) => 0.999 * x + 0.001 * (0.25 * inputs.grad.data[i]!) ** 2);
      const want = inputs.param.data.map((p, i) => {
        const update = wantM[i]! / (1 - 0.9 ** step) / (Math.sqrt(wantV[i]! / (1 - 0.999 ** step)) + 1e-8);
        return p - 1e-2 * (update + 0.1 * p);
      });
      expectClose(m, wantM, 2e-7, 'm');
      expectClose(v, wantV, 2e-7, 'v');
      expectClose(param, want, 5e-7, 'param');
    });

    test('of a parameter without a gradient only decays it', async () => {
      const attrs: AdamWAttrs = {
        learningRate: 0.5,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.5,
        step: 1,
      };
      const zero = filled([3], 0);
      const inputs = {
        param: floats([3], [1, 2, -4]),
        grad: zero,
        m: zero,
        v: zero,
        gradScale: floats([], [1]),
      };
      expect([...(await adamw(inputs, attrs)).param]).toEqual([0.75, 1.5, -3]);
    });
  });
}
