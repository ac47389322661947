import { type PrefixLmBatch, Random } from '@simvlm/core';
import { fusedKernel } from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { blockDrop, patchDrop } from '../src/finetune/drop';
import type { LossOptions, SimVlm, SimVlmConfig } from '../src/index';
import {
  architectures,
  backends,
  largestDifference,
  livelyModel,
  onlyRow,
  tinyBatch,
  useBackend,
} from './tiny';

const pairs = tinyBatch([{ text: [4, 5, 6, 7], prefix: 2 }, { text: [8, 9] }, { text: [5, 4, 9, 8, 7] }]);
const documents = tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }, { text: [9] }], { images: false });
const random = Random.fromSeed(5);
const conv = {
  kind: 'conv',
  stem: { kernel: 3, stride: 2, channels: 8, pool: false },
  stages: [
    { blocks: 1, channels: 8, stride: 1 },
    { blocks: 2, channels: 16, stride: 2 },
  ],
  groups: 4,
};

function lossOf(model: SimVlm, batches: readonly PrefixLmBatch[], options: LossOptions): number {
  return tf.tidy(() => model.loss(batches, options).dataSync()[0]!);
}

function gradientsOf(model: SimVlm, batches: readonly PrefixLmBatch[], options: LossOptions) {
  const { value, grads } = tf.variableGrads(() => model.loss(batches, options), model.params.values());
  const loss = value.dataSync()[0]!;
  const gradients = model.params.map(
    ({ name, size }) => (grads[name]?.dataSync() as Float32Array | undefined) ?? new Float32Array(size),
  );
  tf.dispose([value, grads]);
  return { loss, gradients };
}

/** Loss and gradients of a lively model, which is disposed. */
function computed(
  change: Partial<SimVlmConfig>,
  options: LossOptions,
  batches: readonly PrefixLmBatch[] = [pairs, documents],
) {
  const model = livelyModel(change);
  const result = gradientsOf(model, batches, options);
  model.dispose();
  return result;
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(architectures)('%s: rates of 0 are off, to the bit', architecture => {
    const off = computed({ architecture, patcher: conv }, {});
    const zero = computed(
      { architecture, patcher: conv },
      { dropout: 0, stochasticDepth: 0, random: Random.fromSeed(5) },
    );
    expect(zero.loss).toBe(off.loss);
    for (const [name, gradient] of off.gradients) expect(zero.gradients.get(name), name).toEqual(gradient);
  });

  test.each(architectures)('%s: the same numbers drop the same, others drop others', architecture => {
    const model = livelyModel({ architecture, patcher: conv });
    for (const rates of [{ dropout: 0.3 }, { stochasticDepth: 0.5 }]) {
      const of = (seed: number) => lossOf(model, [pairs], { ...rates, random: Random.fromSeed(seed) });
      const losses = [1, 2, 3, 4].map(of);
      expect([1, 2, 3, 4].map(of)).toEqual(losses);
      expect(new Set([...losses, lossOf(model, [pairs], {})]).size).toBeGreaterThan(3);
    }
    model.dispose();
  });

  test.each(architectures)(
    '%s: blocks that are computed once more drop the same, in loss and gradients',
    architecture => {
      const rates = { dropout: 0.3, stochasticDepth: 0.4, random };
      const kept = computed({ architecture, patcher: conv, layers: 3 }, rates);
      const again = computed(
        { architecture, patcher: conv, layers: 3 },
        { ...rates, checkpointBlocks: true },
      );
      expect(again.loss).toBe(kept.loss);
      for (const [name, gradient] of kept.gradients) {
        const largest = Math.max(1, ...gradient.map(Math.abs));
        expect(largestDifference(again.gradients.get(name), gradient) / largest, name).toBeLessThan(1e-6);
      }
    },
  );

  test.each(architectures)(
    '%s: a row drops the same alone, in a batch, and in a longer one',
    architecture => {
      const model = livelyModel({ architecture, patcher: conv });
      const options = { dropout: 0.3, stochasticDepth: 0.4, random };
      const total = lossOf(model, [pairs], options) * model.lossTokens(pairs);
      let sum = 0;
      for (let row = 0; row < pairs.size; row++) {
        const alone = onlyRow(pairs, row);
        sum += lossOf(model, [alone], options) * model.lossTokens(alone);
      }
      expect(sum / total).toBeCloseTo(1, 5);
      const longer = tinyBatch([{ text: [4, 5, 6, 7], prefix: 2 }, { text: [4, 5, 6, 7, 8, 9, 4, 5, 6] }]);
      const first = onlyRow(longer, 0);
      const both = lossOf(model, [longer], options) * model.lossTokens(longer);
      const second = onlyRow(longer, 1);
      const apart =
        lossOf(model, [first], options) * model.lossTokens(first) +
        lossOf(model, [second], options) * model.lossTokens(second);
      expect(both / apart).toBeCloseTo(1, 5);
      model.dispose();
    },
  );

  test('leave nothing behind', () => {
    const model = livelyModel({ patcher: conv });
    const options = { dropout: 0.1, stochasticDepth: 0.1, random, checkpointBlocks: true };
    gradientsOf(model, [pairs, documents], options);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) gradientsOf(model, [pairs, documents], options);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

test.each(architectures)('%s: cpu and wasm drop the same', async architecture => {
  const options = { dropout: 0.2, stochasticDepth: 0.3, random };
  const results = [];
  for (const backend of backends) {
    await useBackend(backend);
    results.push(computed({ architecture, patcher: conv }, options));
  }
  const [a, b] = results as [(typeof results)[0], (typeof results)[0]];
  expect(b.loss / a.loss).toBeCloseTo(1, 5);
  for (const [name, gradient] of a.gradients)
    expect(largestDifference(b.gradients.get(name), gradient), name).toBeLessThan(1e-4);
});

describe('stochastic depth', () => {
  beforeAll(() => useBackend('wasm'));

  const rows = 3000;
  const seeds = () =>
    tf.tensor2d(
      Int32Array.from({ length: 2 * rows }, (_, i) => Random.fromSeed(i).uint32() | 0),
      [rows, 2],
      'int32',
    );
  /** The factor of each row; all numbers of a row have the same. */
  const factors = (drop: (branch: tf.Tensor) => tf.Tensor) =>
    tf.tidy(() => {
      const values = drop(tf.ones([rows, 2, 3])).dataSync();
      return Array.from({ length: rows }, (_, row) => {
        const own = new Set(values.slice(row * 6, row * 6 + 6));
        expect(own.size).toBe(1);
        return [...own][0]!;
      });
    });

  test('leaves whole branches out, at a rate that grows linearly with depth, and keeps the expectation', () => {
    const drops = { dropout: 0, stochasticDepth: 0.4, seeds: seeds() };
    const check = (all: number[], rate: number) => {
      const dropped = all.filter(factor => factor === 0).length / rows;
      const mean = all.reduce((sum, factor) => sum + factor, 0) / rows;
      // Five standard deviations.
      const tolerance = 5 * Math.sqrt((rate * (1 - rate)) / rows);
      expect(Math.abs(dropped - rate)).toBeLessThan(tolerance);
      expect(Math.abs(mean - 1)).toBeLessThan(tolerance / (1 - rate));
      const kept = all.filter(factor => factor !== 0);
      for (const factor of kept) expect(factor).toBeCloseTo(1 / (1 - rate), 3);
    };
    // Three blocks in the conv stage, two in the encoder.
    const patch = patchDrop(drops, 5)!;
    for (const index of [0, 1, 2])
      check(
        factors(branch => patch(branch, index)),
        (0.4 * (index + 1)) / 5,
      );
    const block = blockDrop(drops, drops.seeds, 'encoder.1', 1);
    const [self, mlp] = ['self', 'mlp'].map(sublayer => factors(branch => block(branch, sublayer)));
    check(self!, 0.4);
    check(mlp!, 0.4);
    // By itself: both kept in 0.6², both dropped in 0.4² of the rows.
    const both = self!.filter((factor, row) => factor === 0 && mlp![row] === 0).length / rows;
    expect(Math.abs(both - 0.16)).toBeLessThan(0.035);
    drops.seeds.dispose();
  });

  test('is for the conv stage and the encoder, never for the decoder', () => {
    const options = { stochasticDepth: 0.9999, random };
    const { gradients } = computed({ layers: 2, patcher: conv }, options, [pairs]);
    const zero = [...gradients].filter(([, values]) => values.every(value => value === 0));
    const names = zero.map(([name]) => name);
    expect(names).toContain('encoder.1.mlp.out.weight');
    expect(names).toContain('encoder.1.self.out.weight');
    expect(names.filter(name => name.startsWith('decoder.'))).toEqual([]);
    // The rate of the first block of the conv stage is a fifth.
    expect(names).not.toContain('patcher.stage1.0.conv3.weight');
  });

  test.each<[string, Partial<SimVlmConfig>, LossOptions, string]>([
    ['without numbers to draw from', {}, { dropout: 0.1 }, '"dropout" and "stochasticDepth" need "random"'],
    ['a rate of 1', {}, { dropout: 1, random }, '"dropout" must be a number from 0 to below 1, got 1'],
    ['a negative rate', {}, { stochasticDepth: -0.1, random }, '"stochasticDepth" must be a number from 0'],
    [
      'no block that could be left out',
      { architecture: 'decoder-only' },
      { stochasticDepth: 0.1, random },
      'this model has neither',
    ],
  ])('refuses %s', (_, change, options, message) => {
    const model = livelyModel(change);
    expect(() => model.loss(pairs, options)).toThrow(message);
    model.dispose();
  });
});

describe('dropout', () => {
  beforeAll(() => useBackend('wasm'));

  test('keeps the expectation of what is added to the residual stream', () => {
    const drops = { dropout: 0.1, stochasticDepth: 0, seeds: tf.tensor2d([[1, 2]], [1, 2], 'int32') };
    const values = tf.tidy(() =>
      blockDrop(drops, drops.seeds, 'decoder.0', 0)(tf.ones([1, 100, 100]), 'mlp').dataSync<'float32'>(),
    );
    const dropped = values.filter(value => value === 0).length / values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(dropped - 0.1)).toBeLessThan(0.015);
    expect(Math.abs(mean - 1)).toBeLessThan(0.017);
    drops.seeds.dispose();
  });

  test.each([
    // Embeddings of both sides, two sublayers a block of the encoder, three a block of the decoder.
    ['encoder-decoder', 2 + 2 * 2 + 2 * 3],
    ['decoder-only', 1 + 2 * 2],
  ] as const)(
    '%s: is on every sublayer of every block and on the embeddings',
    async (architecture, places) => {
      const model = livelyModel({ architecture, layers: 2 });
      const count = async (options: LossOptions) => {
        const { kernels } = await tf.profile(() => {
          lossOf(model, [pairs], options);
          return [];
        });
        return kernels.filter(({ name }) => name === fusedKernel.dropout).length;
      };
      expect(await count({ dropout: 0.1, random })).toBe(places);
      expect(await count({ random })).toBe(0);
      model.dispose();
    },
  );

  test('is never in logits, scores and generation', async () => {
    const model = livelyModel();
    const { kernels } = await tf.profile(async () => {
      model.logits(pairs).dispose();
      await model.score(pairs);
      await model.generate({ prompts: [Int32Array.of(4, 5)], maxLength: 3 });
      return [];
    });
    expect(kernels.length).toBeGreaterThan(10);
    expect(kernels.filter(({ name }) => name === fusedKernel.dropout)).toEqual([]);
    model.dispose();
  });
});
