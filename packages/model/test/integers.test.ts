import {
  readAll,
  readSafetensors,
  type SafeTensor,
  tensorSources,
  writeSafetensors,
} from '@simvlm/checkpoint';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type IntegerWeights,
  integerTensors,
  mergeAdapters,
  modelParameters,
  numberTensors,
  SimVlm,
  type SimVlmConfig,
} from '../src/index';
import { kinds } from './kinds';
import { largestDifference, livelyModel, realLogits, tinyBatch, useBackend } from './tiny';

const conv = {
  kind: 'conv',
  stem: { kernel: 3, stride: 2, channels: 8, pool: false },
  stages: [
    { blocks: 1, channels: 8, stride: 1 },
    { blocks: 1, channels: 12, stride: 2 },
  ],
  groups: 4,
};
const models: Record<string, Partial<SimVlmConfig>> = {
  'encoder-decoder': { patcher: conv },
  'decoder-only': { architecture: 'decoder-only' },
  ...kinds,
};
const batch = tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }, { text: [9, 10] }]);
const set = (tensors: Iterable<readonly [string, SafeTensor]>) => ({
  tensors: tensorSources(tensors),
  metadata: {},
});

/** The weights of a model as a file of integers, written and read again. */
async function integerFile(model: SimVlm, weights: IntegerWeights) {
  const { tensors } = readSafetensors(await model.saveWeights());
  const config = { ...model.config, weights };
  const all = await readAll(integerTensors(set(tensors), config));
  const bytes = writeSafetensors(all);
  return { config, bytes, tensors: readSafetensors(bytes).tensors };
}

/** A model that has the file's integers, and one that has the numbers which they stand for. */
async function pairOf(base: SimVlm, weights: IntegerWeights) {
  const { config, tensors } = await integerFile(base, weights);
  const own = SimVlm.create(config, { init: 'zeros' });
  await own.loadTensors(numberTensors(set(tensors), config, 'filters'));
  const numbers = SimVlm.create(base.config, { init: 'zeros' });
  await numbers.loadTensors(numberTensors(set(tensors), config, 'all'));
  return { own, numbers, config };
}

beforeAll(() => useBackend('cpu'));

describe.each(Object.entries(models))('%s', (_, change) => {
  test.each([{ bits: 8 }, { bits: 4 }] as const)(
    'with integers computes what the numbers do that they stand for: $bits bits',
    async weights => {
      const base = livelyModel(change);
      const { own, numbers } = await pairOf(base, weights);
      const [a, b] = [own, numbers].map(model => realLogits(model, batch).flat());
      for (const [i, logits] of a!.entries()) expect(largestDifference(logits, b![i]!)).toBeLessThan(2e-5);
      const request = {
        images: batch.images!.pixels,
        prompts: [Int32Array.of(5), Int32Array.of()],
        maxLength: 4,
      };
      const texts = await Promise.all([own, numbers].map(model => model.generate(request)));
      expect(texts[0]!.map(({ tokens }) => [...tokens])).toEqual(texts[1]!.map(({ tokens }) => [...tokens]));
      for (const model of [base, own, numbers]) model.dispose();
    },
  );
});

describe('a model of integers', () => {
  const change = { patcher: conv };

  test.each([
    { weights: { bits: 8 }, largest: 1 / 254 },
    { weights: { bits: 4 }, largest: 1 / 8 },
    { weights: { bits: 8, group: 32 }, largest: 1 / 254 },
  ] as const)('has numbers near those it is made of: $weights', async ({ weights, largest }) => {
    const base = livelyModel(change);
    const { numbers } = await pairOf(base, weights);
    let rounded = 0;
    for (const [name, variable] of base.params) {
      const [want, got] = [variable.dataSync(), numbers.params.get(name).dataSync()];
      const isMatrix = /weight$/.test(name);
      const extreme = Math.max(...want.map(Math.abs));
      // Of 4 bits, what is rounded is half a step, or all of one at the end that has no integer.
      expect(largestDifference(got, want), name).toBeLessThanOrEqual(
        isMatrix ? extreme * largest * 1.001 : 0,
      );
      if (largestDifference(got, want) > 0) rounded++;
    }
    expect(rounded).toBeGreaterThan(10);
    for (const model of [base, numbers]) model.dispose();
  });

  test('is saved and loaded again as it is, its parameters among those of its configuration', async () => {
    const base = livelyModel(change);
    const { own, config } = await pairOf(base, { bits: 8 });
    expect(own.params.names()).toEqual(modelParameters(config).names());
    const bytes = await own.saveWeights();
    const again = SimVlm.create(config, { init: 'zeros' });
    again.loadWeights(bytes);
    for (const [name, variable] of own.params)
      expect([...again.params.get(name).dataSync()], name).toEqual([...variable.dataSync()]);
    expect(() => base.loadWeights(bytes)).toThrow(/this model has no "patcher.out.weight.scale"/);
    for (const model of [base, own, again]) model.dispose();
  });

  test('is not trained, but adapters beside it are, with the gradients of numbers', async () => {
    const base = livelyModel(change);
    const { own, numbers, config } = await pairOf(base, { bits: 8 });
    expect(() => own.trainable).toThrow(/integers of 8 bits .*cannot be trained; train adapters beside them/);
    const lora = { rank: 2, targets: ['*'] };
    const adapted = await Promise.all(
      [own, numbers].map(async model => {
        const result = SimVlm.create({ ...model.config, lora }, { seed: 4 });
        result.loadWeights(await model.saveWeights());
        for (const variable of result.trainable.values())
          tf.tidy(() => variable.assign(tf.add(variable, 0.1)));
        return result;
      }),
    );
    const gradients = adapted.map(model => {
      const checkpointBlocks = model.config.weights !== undefined;
      const { value, grads } = tf.variableGrads(
        () => model.loss(batch, { checkpointBlocks }),
        model.trainable.values(),
      );
      const numbers = [...model.trainable].map(
        ([name, { name: id }]) => [name, grads[id]!.dataSync()] as const,
      );
      tf.dispose([value, grads]);
      return new Map(numbers);
    });
    expect(gradients[0]!.size).toBeGreaterThan(20);
    for (const [name, gradient] of gradients[0]!)
      expect(largestDifference(gradient, gradients[1]!.get(name)!), name).toBeLessThan(1e-4);
    const { tensors } = readSafetensors(await adapted[0]!.saveWeights());
    expect(() => mergeAdapters(tensors, lora)).toThrow(/is integers, into which nothing can be merged/);
    expect(config.lora).toBeUndefined();
    for (const model of [base, own, numbers, ...adapted]) model.dispose();
  });

  test.each([
    [{ bits: 3 }, /weights.*"bits" must be 8 or 4/],
    [{}, /weights: "bits" is missing/],
    [{ bits: 8, group: 48 }, /"group" must be a multiple of 32/],
    [{ bits: 8, groups: 32 }, /groups/],
  ])('is refused with %j', (weights, message) => {
    expect(() => modelParameters({ ...livelyModel().config, weights: weights as IntegerWeights })).toThrow(
      message,
    );
  });
});
