import { readSafetensors, writeSafetensors } from '@simvlm/checkpoint';
import { Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type LoraConfig,
  type LossOptions,
  mergeAdapters,
  modelParameters,
  SimVlm,
  type SimVlmConfig,
  unmergeAdapters,
} from '../src/index';
import { architectures, largestDifference, livelyModel, tinyBatch, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const pairs = tinyBatch([{ text: [4, 5, 6, 7], prefix: 2 }, { text: [8, 9] }]);
const documents = tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }, { text: [9] }], { images: false });
/** Every linear map there is, the one with an activation and that of the patcher among them. */
const everywhere: LoraConfig = { rank: 3, alpha: 6, targets: ['*'] };

/** A model with adapters on the weights of `base`. */
async function adapted(base: SimVlm, lora: LoraConfig): Promise<SimVlm> {
  const model = SimVlm.create({ ...base.config, lora }, { seed: 3 });
  model.loadWeights(await base.saveWeights());
  return model;
}

/** Gives the adapters numbers that matter. */
function enliven(model: SimVlm): void {
  for (const [name, variable] of model.trainable) {
    const random = Random.fromSeed(11).fork(name);
    const values = Float32Array.from({ length: variable.size }, () => 0.3 * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

/** The model without adapters that computes the same. */
async function merged(model: SimVlm): Promise<SimVlm> {
  const { lora, ...config } = model.config;
  const { tensors } = readSafetensors(await model.saveWeights());
  const base = SimVlm.create(config);
  base.loadWeights(writeSafetensors(mergeAdapters(tensors, lora!)));
  return base;
}

const logitsOf = (model: SimVlm, batch = pairs) => tf.tidy(() => model.logits(batch).dataSync());
const request = { prompts: [Int32Array.of(4, 5), Int32Array.of(7)], images: pairs.images!.pixels };

function gradientsOf(model: SimVlm, options: LossOptions = {}) {
  const { value, grads } = tf.variableGrads(
    () => model.loss([pairs, documents], options),
    model.params.values(),
  );
  const result = new Map(
    [...model.params].map(([name, variable]) => [name, grads[variable.name]!.dataSync() as Float32Array]),
  );
  tf.dispose([value, grads]);
  return result;
}

describe('adapters', () => {
  test('are beside queries and values by default, two small matrices each', () => {
    const base = modelParameters(tinyConfig()).names();
    const params = modelParameters(tinyConfig({ lora: { rank: 4 } }));
    const added = params.filter(name => !base.includes(name));
    expect(params.names().filter(name => base.includes(name))).toEqual(base);
    const maps = ['encoder.0.self', 'encoder.1.self'].concat(
      ['0', '1'].flatMap(i => [`decoder.${i}.self`, `decoder.${i}.cross`]),
    );
    expect(added.names().sort()).toEqual(
      maps
        .flatMap(map => ['query', 'value'].map(part => `${map}.${part}`))
        .flatMap(map => [`${map}.lora_a.weight`, `${map}.lora_b.weight`])
        .sort(),
    );
    expect(added.get('decoder.0.cross.query.lora_a.weight').shape).toEqual([16, 4]);
    expect(added.get('decoder.0.cross.query.lora_b.weight').shape).toEqual([4, 16]);
  });

  test('are where the patterns say', () => {
    const lora = { rank: 2, targets: ['encoder.1.mlp.*', 'patcher.out'] };
    const names = modelParameters(tinyConfig({ lora })).names();
    expect(names.filter(name => name.endsWith('lora_b.weight'))).toEqual([
      'patcher.out.lora_b.weight',
      'encoder.1.mlp.hidden.lora_b.weight',
      'encoder.1.mlp.out.lora_b.weight',
    ]);
  });

  test.each(architectures)(
    '%s: a model with fresh ones is the model without, exactly',
    async architecture => {
      const base = livelyModel({ architecture });
      const model = await adapted(base, everywhere);
      for (const batch of [pairs, documents]) expect(logitsOf(model, batch)).toEqual(logitsOf(base, batch));
      expect(await model.generate(request)).toEqual(await base.generate(request));
      base.dispose();
      model.dispose();
    },
  );

  test.each(architectures)('%s: merged and beside the weights they are the same', async architecture => {
    const base = livelyModel({ architecture });
    const model = await adapted(base, everywhere);
    enliven(model);
    const whole = await merged(model);
    for (const batch of [pairs, documents]) {
      const beside = logitsOf(model, batch);
      expect(largestDifference(beside, logitsOf(base, batch))).toBeGreaterThan(0.1);
      const size = Math.max(...beside.map(Math.abs));
      expect(largestDifference(logitsOf(whole, batch), beside) / size).toBeLessThan(1e-5);
    }
    const [a, b] = [await model.generate(request), await whole.generate(request)];
    expect(a.map(({ tokens }) => [...tokens])).toEqual(b.map(({ tokens }) => [...tokens]));
    for (const each of [base, model, whole]) each.dispose();
  });

  test('merged and taken out again leave the weights that were there, and others untouched', async () => {
    const base = livelyModel();
    const model = await adapted(base, { rank: 3 });
    enliven(model);
    const before = readSafetensors(await base.saveWeights()).tensors;
    const { tensors } = readSafetensors(await model.saveWeights());
    const adapters = readSafetensors(await model.saveAdapters()).tensors;
    const whole = mergeAdapters(tensors, model.config.lora!);
    const back = unmergeAdapters(whole, adapters, model.config.lora!);
    expect([...back.keys()]).toEqual([...before.keys()]);
    let changed = 0;
    for (const [name, { values }] of before) {
      expect(largestDifference(back.get(name)!.values, values), name).toBeLessThan(1e-6);
      if (/(query|value)\.weight$/.test(name)) {
        expect(largestDifference(whole.get(name)!.values, values), name).toBeGreaterThan(0.01);
        changed++;
      } else expect(whole.get(name)!.values, name).toEqual(values);
    }
    expect(changed).toBe(12);
    base.dispose();
    model.dispose();
  });

  test.each([{}, { checkpointBlocks: true }])(
    'have the gradients that the chain rule gives, with %j',
    async options => {
      const base = livelyModel();
      const model = await adapted(base, everywhere);
      enliven(model);
      const whole = await merged(model);
      const [own, of] = [gradientsOf(model, options), gradientsOf(whole)];
      let maps = 0;
      for (const [name, variable] of model.params) {
        if (!name.endsWith('.lora_a.weight')) continue;
        maps++;
        const map = name.slice(0, -'.lora_a.weight'.length);
        const b = model.params.get(`${map}.lora_b.weight`);
        const [dA, dB] = tf.tidy(() => {
          const weight = model.params.get(`${map}.weight`);
          const dW = tf.mul(
            tf.tensor2d(of.get(`${map}.weight`)!, weight.shape as [number, number]),
            2,
          ) as tf.Tensor2D;
          return [
            tf.matMul(dW, b as tf.Tensor2D, false, true).dataSync(),
            tf.matMul(variable as tf.Tensor2D, dW, true, false).dataSync(),
          ];
        });
        const close = (got: Float32Array, want: ArrayLike<number>, what: string) => {
          const size = Math.max(1e-3, ...Array.from(want, Math.abs));
          expect(largestDifference(got, want) / size, what).toBeLessThan(1e-3);
        };
        close(own.get(name)!, dA!, name);
        close(own.get(`${map}.lora_b.weight`)!, dB!, map);
      }
      // 2 × (4 + 2) of the encoder, 2 × (8 + 2) of the decoder, the patcher's.
      expect(maps).toBe(33);
      for (const each of [base, model, whole]) each.dispose();
    },
  );

  test('are all that is trained', () => {
    const model = SimVlm.create(tinyConfig({ lora: { rank: 2 } }));
    expect(model.trainable.names().every(name => /\.lora_[ab]\.weight$/.test(name))).toBe(true);
    expect(model.trainable.size).toBe(24);
    const plain = SimVlm.create(tinyConfig());
    expect(plain.trainable).toBe(plain.params);
    model.dispose();
    plain.dispose();
  });

  test('go to a file of their own, with their configuration, and back', async () => {
    const base = livelyModel();
    const model = await adapted(base, { rank: 2 });
    enliven(model);
    const file = await model.saveAdapters();
    const { tensors, metadata } = readSafetensors(file);
    expect([...tensors.keys()]).toEqual(model.trainable.names());
    expect(metadata).toEqual({
      format: 'simvlm-lora',
      lora: JSON.stringify({ rank: 2, alpha: 2, targets: ['*.query', '*.value'] }),
    });
    const other = await adapted(base, { rank: 2, alpha: 2 });
    expect(logitsOf(other)).not.toEqual(logitsOf(model));
    other.loadAdapters(file);
    expect(logitsOf(other)).toEqual(logitsOf(model));
    for (const each of [base, model, other]) each.dispose();
  });

  test('and weights come back from one file, too, and a file of a model without leaves them', async () => {
    const base = livelyModel();
    const model = await adapted(base, { rank: 2 });
    enliven(model);
    const other = SimVlm.create(model.config, { seed: 8 });
    other.loadWeights(await model.saveWeights());
    expect(logitsOf(other)).toEqual(logitsOf(model));
    const adapters = await other.saveAdapters();
    other.loadWeights(await SimVlm.create(base.config, { seed: 9 }).saveWeights());
    expect(await other.saveAdapters()).toEqual(adapters);
    expect(logitsOf(other)).not.toEqual(logitsOf(model));
    for (const each of [base, model, other]) each.dispose();
  });

  test.each<[string, (file: Uint8Array) => Uint8Array, LoraConfig | undefined, string]>([
    ['of another rank', file => file, { rank: 3 }, 'this model {"rank":3'],
    ['with another factor', file => file, { rank: 2, alpha: 4 }, '"alpha":2'],
    ['for a model without any', file => file, undefined, 'this model has none'],
    [
      'that are no adapters',
      file => writeSafetensors(readSafetensors(file).tensors),
      { rank: 2 },
      'its metadata does not say simvlm-lora',
    ],
    [
      'of which one is missing',
      file => {
        const { tensors, metadata } = readSafetensors(file);
        return writeSafetensors([...tensors].slice(1), metadata);
      },
      { rank: 2 },
      'adapters: "encoder.0.self.query.lora_a.weight" is missing',
    ],
  ])('%s are refused, and nothing is changed', async (_, spoil, lora, message) => {
    const model = SimVlm.create(tinyConfig({ lora: { rank: 2 } }), { seed: 2 });
    enliven(model);
    const file = spoil(await model.saveAdapters());
    const other = SimVlm.create(tinyConfig(lora && { lora }));
    const before = await other.saveWeights();
    expect(() => other.loadAdapters(file)).toThrow(message);
    expect(await other.saveWeights()).toEqual(before);
    model.dispose();
    other.dispose();
  });

  test.each<[LoraConfig, string]>([
    [{ rank: 0 }, '"rank" must be an integer from 1'],
    [{} as LoraConfig, '"rank" is missing'],
    [{ rank: 2, alpha: 0 }, '"alpha" must be a number above 0'],
    [{ rank: 2, targets: [] }, '"targets" must be a list of names'],
    [{ rank: 2, targets: ['*.query', 'query'] }, 'no linear map matches "query"'],
    [{ rank: 2, dropout: 0.1 } as LoraConfig, 'unknown key "dropout"'],
  ])('%j is refused, and leaves nothing behind', (lora, message) => {
    const before = tf.memory().numTensors;
    expect(() => SimVlm.create(tinyConfig({ lora } as Partial<SimVlmConfig>))).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('are none to save where there are none, and half of one is refused when merged', async () => {
    const plain = SimVlm.create(tinyConfig());
    await expect(plain.saveAdapters()).rejects.toThrow('this model has no adapters');
    plain.dispose();
    const model = SimVlm.create(tinyConfig({ lora: { rank: 2 } }));
    const { tensors } = readSafetensors(await model.saveWeights());
    tensors.delete('encoder.0.self.query.lora_b.weight');
    expect(() => mergeAdapters(tensors, { rank: 2 })).toThrow(
      'the adapter of "encoder.0.self.query" is [16, 2] and missing',
    );
    model.dispose();
  });
});
