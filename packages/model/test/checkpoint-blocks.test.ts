import type { PrefixLmBatch } from '@simvlm/core';
import { fusedKernel, type LinearGradAttrs, variableGradients } from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { LossOptions, SimVlm } from '../src/index';
import { architectures, backends, largestDifference, livelyModel, tinyBatch, useBackend } from './tiny';

function gradientsOf(model: SimVlm, batches: readonly PrefixLmBatch[], options: LossOptions) {
  const { value, grads } = tf.variableGrads(() => model.loss(batches, options), model.params.values());
  const loss = value.dataSync()[0]!;
  const gradients = model.params.map(
    ({ name, size }) => (grads[name]?.dataSync() as Float32Array | undefined) ?? new Float32Array(size),
  );
  tf.dispose([value, grads]);
  return { loss, gradients };
}

const pairs = tinyBatch([{ text: [4, 5, 6, 7], prefix: 2 }, { text: [8, 9] }]);
const documents = tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }, { text: [9] }], { images: false });

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(architectures.flatMap(architecture => [1, 3].map(layers => [architecture, layers] as const)))(
    '%s, %i layers: blocks that are computed once more give the same loss and the same gradients',
    (architecture, layers) => {
      const model = livelyModel({ architecture, layers });
      for (const batches of [[pairs], [documents], [pairs, documents]]) {
        const kept = gradientsOf(model, batches, { labelSmoothing: 0.1 });
        const again = gradientsOf(model, batches, { labelSmoothing: 0.1, checkpointBlocks: true });
        expect(again.loss).toBe(kept.loss);
        for (const [name, gradient] of kept.gradients) {
          const largest = Math.max(1, ...gradient.map(Math.abs));
          expect(largestDifference(again.gradients.get(name), gradient) / largest, name).toBeLessThan(1e-6);
        }
      }
      model.dispose();
    },
  );

  test.each(architectures)(
    '%s: nothing is left behind, and only what is asked for is differentiated',
    architecture => {
      const model = livelyModel({ architecture });
      const variables = ['embedding.weight', 'decoder.1.mlp.out.bias'].map(name => model.params.get(name));
      const step = () => {
        const { value, grads } = tf.variableGrads(
          () => model.loss([pairs, documents], { checkpointBlocks: true }),
          variables,
        );
        expect(Object.keys(grads).length).toBe(2);
        tf.dispose([value, grads]);
      };
      step();
      const before = tf.memory().numTensors;
      for (let i = 0; i < 5; i++) step();
      expect(tf.memory().numTensors).toBe(before);
      const loss = model.loss(pairs, { checkpointBlocks: true });
      loss.dispose();
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    },
  );
});

test.each(architectures)(
  '%s: a step of many layers takes much less memory at its peak',
  async architecture => {
    await useBackend('wasm');
    const model = livelyModel({ architecture, layers: 12 });
    const rows = Array.from({ length: 8 }, () => ({ text: [4, 5, 6, 7, 8, 9], prefix: 3 }));
    const peak = async (checkpointBlocks: boolean) => {
      const before = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(() => {
        const { value, grads } = tf.variableGrads(
          () => model.loss(tinyBatch(rows), { checkpointBlocks }),
          model.params.values(),
        );
        tf.dispose([value, grads]);
        return [];
      });
      return peakBytes - before;
    };
    const [kept, again] = [await peak(false), await peak(true)];
    expect(again).toBeLessThan(0.6 * kept);
    model.dispose();
  },
);

test.each(architectures)(
  '%s: adapters are trained without gradients by the weights beside them, with blocks computed once more, too',
  async architecture => {
    await useBackend('wasm');
    const model = livelyModel({ architecture, lora: { rank: 2 } });
    const runKernel = vi.spyOn(tf.engine(), 'runKernel');
    const step = (checkpointBlocks: boolean) => {
      runKernel.mockClear();
      const { value, grads } = variableGradients(
        () => model.loss([pairs, documents], { checkpointBlocks }),
        model.trainable.values(),
      );
      const wanted = runKernel.mock.calls
        .filter(([name]) => name === fusedKernel.linearGrad)
        .map(([, , attrs]) => (attrs as unknown as LinearGradAttrs).wanted);
      const gradients = new Map(
        Object.entries(grads).map(([name, gradient]) => [name, gradient.dataSync() as Float32Array]),
      );
      tf.dispose([value, grads]);
      return { wanted: wanted.sort(), gradients };
    };
    const [kept, again] = [step(false), step(true)];
    runKernel.mockRestore();
    expect(again.wanted).toEqual(kept.wanted);
    expect(kept.wanted).toContain('x');
    expect(again.gradients.size).toBe(kept.gradients.size);
    for (const [name, gradient] of kept.gradients)
      expect(largestDifference(again.gradients.get(name)!, gradient), name).toBeLessThan(1e-6);
    model.dispose();
  },
);
