import { ConfigError, Random, ShapeError } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ClassifierHead,
  checkModelConfig,
  classifierLearner,
  modelParameters,
  SimVlm,
  type SimVlmConfig,
} from '../src/index';
import { kinds } from './kinds';
import { largestDifference, livelyModel, realLogits, tinyBatch, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

const rows = [{ text: [5, 6, 7, 8], prefix: 2 }, { text: [9, 10] }];
const batch = tinyBatch(rows);

describe('text alone', () => {
  test('GIT reads it, each token what precedes it', async () => {
    const model = livelyModel(kinds.GIT);
    const [whole] = realLogits(model, tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }], { images: false }));
    const [begun] = realLogits(model, tinyBatch([{ text: [5, 6, 11, 12] }], { images: false }));
    for (const place of [0, 1, 2])
      expect(largestDifference(whole![place]!, begun![place]!)).toBeLessThan(1e-6);
    expect(largestDifference(whole![3]!, begun![3]!)).toBeGreaterThan(1e-3);
    expect(await model.generate({ prompts: [Int32Array.of(5)], maxLength: 2 })).toHaveLength(1);
    model.dispose();
  });

  test.each(['BLIP', 'BLIP VQA', 'ViT-GPT2'] as const)(
    '%s refuses it: its memory is the picture',
    async kind => {
      const model = livelyModel(kinds[kind]);
      const message = /reads an image with every text/;
      expect(() => model.loss(tinyBatch(rows, { images: false }))).toThrow(ShapeError);
      expect(() => model.loss(tinyBatch(rows, { images: false }))).toThrow(message);
      await expect(model.generate({ prompts: [Int32Array.of(5)] })).rejects.toThrow(message);
      model.dispose();
    },
  );
});

test('a question with one token before and one after must fit the positions', () => {
  const model = livelyModel(kinds['BLIP VQA']);
  const eight = [5, 6, 7, 8, 9, 10, 11, 12];
  expect(realLogits(model, tinyBatch([{ text: eight, prefix: 8 }]))[0]).toHaveLength(1);
  expect(() => model.logits(tinyBatch([{ text: [...eight, 13], prefix: 9 }]))).toThrow(
    'batch row 0: a question of 9 tokens, and one before and one after, are more than 10',
  );
  model.dispose();
});

test('a question takes no room from its answer', async () => {
  const model = livelyModel(kinds['BLIP VQA']);
  const images = batch.images!.pixels.slice(0, 192);
  const made = async (prompt: number[], more: object) =>
    (await model.generate({ images, prompts: [Int32Array.from(prompt)], minLength: 10, ...more }))[0]!;
  // 8 of the question and 10 of the answer, where texts have 10 tokens.
  const eight = [5, 6, 7, 8, 9, 10, 11, 12];
  for (const more of [{}, { maxLength: 10 }]) expect((await made(eight, more)).tokens).toHaveLength(10);
  await expect(made([], { maxLength: 11 })).rejects.toThrow('maxLength must be 1 to 10');
  await expect(made([...eight, 13], {})).rejects.toThrow('a question of 9 tokens');
  model.dispose();
});

describe('attention maps', () => {
  const image = batch.images!.pixels.slice(0, 192);
  test.each(['GIT', 'BLIP', 'ViT-GPT2'] as const)('of %s leave out the class token', async kind => {
    const model = livelyModel(kinds[kind]);
    const { grid, maps } = await model.attentionMaps(image, Int32Array.of(5, 6, 7));
    expect([grid, maps.length]).toEqual([{ height: 2, width: 2 }, 12]);
    for (let t = 0; t < 3; t++)
      expect(maps.slice(4 * t, 4 * t + 4).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    model.dispose();
  });

  test('are refused where the decoder sees the question alone', async () => {
    const model = livelyModel(kinds['BLIP VQA']);
    await expect(model.attentionMaps(image, Int32Array.of(5))).rejects.toThrow(ConfigError);
    model.dispose();
  });
});

describe('fine-tuning', () => {
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])(
    '%s has adapters in patcher and text blocks',
    kind => {
      const model = SimVlm.create(tinyConfig({ ...kinds[kind], lora: { rank: 2 } }));
      const plain = SimVlm.create(tinyConfig(kinds[kind]));
      const names = model.trainable.names();
      for (const map of [
        'patcher.blocks.1.self.query',
        'patcher.blocks.0.self.value',
        'decoder.1.self.query',
      ])
        expect(names, map).toContain(`${map}.lora_a.weight`);
      // Fresh adapters change nothing; the blocks learn from the first step.
      const [own, expected] = [realLogits(model, batch), realLogits(plain, batch)];
      expect(largestDifference(own[0]!.at(-1)!, expected[0]!.at(-1)!)).toBeLessThan(1e-6);
      const { value, grads } = tf.variableGrads(() => model.loss(batch), model.trainable.values());
      for (const [name, grad] of Object.entries(grads))
        if (name.endsWith('lora_b.weight'))
          expect(tf.max(tf.abs(grad)).dataSync()[0], name).toBeGreaterThan(0);
      tf.dispose([value, grads]);
      for (const each of [model, plain]) each.dispose();
    },
  );

  test.each([
    ['GIT', 2],
    ['BLIP', 2],
    ['BLIP VQA', 4],
    ['ViT-GPT2', 2],
  ] as const)('stochastic depth of %s counts the blocks of patcher and encoder: %i', (kind, depth) => {
    const model = livelyModel(kinds[kind]);
    expect(model.network.depth).toBe(depth);
    const loss = (seed: number, options = {}) => {
      const random = Random.fromSeed(seed);
      const value = model.loss(batch, { stochasticDepth: 0.9, dropout: 0.1, random, ...options });
      const [number] = value.dataSync();
      value.dispose();
      return number;
    };
    expect(loss(1)).toBe(loss(1));
    expect(loss(1)).toBe(loss(1, { checkpointBlocks: true }));
    expect(new Set([1, 2, 3, 4].map(seed => loss(seed))).size).toBeGreaterThan(1);
    const weights = ['patcher.class_token', 'patcher.blocks.0.mlp.out.weight'].map(name =>
      model.params.get(name),
    );
    const gradients = (checkpointBlocks: boolean) => {
      const drop = { stochasticDepth: 0.5, dropout: 0.1, random: Random.fromSeed(2), checkpointBlocks };
      const { value, grads } = tf.variableGrads(() => model.loss(batch, drop), weights);
      const numbers = Object.values(grads).map(each => each.dataSync());
      tf.dispose([value, grads]);
      return numbers;
    };
    const [kept, again] = [gradients(false), gradients(true)];
    for (const [i, numbers] of kept.entries())
      expect(largestDifference(again[i]!, numbers)).toBeLessThan(1e-5);
    model.dispose();
  });
});

describe('a classifier', () => {
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])('of %s takes the place of its head', async kind => {
    const model = livelyModel(kinds[kind]);
    const head = new ClassifierHead(model, { classes: 3 });
    const { params, trainable } = classifierLearner(head);
    const names = params.names().filter(name => name.startsWith('head.'));
    expect(names).toEqual(['head.weight', 'head.bias']);
    expect(params.get('head.weight').shape).toEqual([16, 3]);
    expect(trainable!.names()).toEqual(params.names());
    const { value, grads } = tf.variableGrads(() => head.loss(batch, [0, 2]), trainable!.values());
    expect(Object.keys(grads)).toHaveLength(params.size);
    tf.dispose([value, grads]);
    expect(await head.predict(batch)).toHaveLength(2);
    for (const each of [head, model]) each.dispose();
  });
});

describe('a configuration that makes no model is refused', () => {
  const vit = kinds.BLIP.patcher!;
  test.each<[Partial<SimVlmConfig>, string]>([
    [{ patcher: vit }, "the patcher's tokens have width 12, the text 16"],
    [{ ...kinds.GIT, patcher: vit }, "the patcher's tokens have width 12, the text 16"],
    [{ ...kinds.GIT, imagePositions: {} }, '"imagePositions": { "relative": false }'],
  ])('%j', (change, message) => {
    const config = checkModelConfig(tinyConfig(change));
    expect(() => modelParameters(config)).toThrow(ConfigError);
    expect(() => modelParameters(config)).toThrow(message);
  });
});
