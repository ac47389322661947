import { memoryCheckpoint, memoryStorage, readSafetensors } from '@simvlm/checkpoint';
import { openSimVlm, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { batches, errorOf, everyCheckpoint, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const tensorsOf = (bytes: Uint8Array) => readSafetensors(bytes).tensors;

/** Every checkpoint of a run, one a step. */
async function everyStep(config: object) {
  const { kept, storage } = everyCheckpoint();
  const trained = await run({ storage, config: { steps: 6, checkpointSteps: 1, ...config } });
  return { kept, trained };
}

describe('an average of weights', () => {
  test('follows decay · average + (1 − decay) · weights, from the first weights on', async () => {
    const decay = 0.7;
    const { kept } = await everyStep({ emaDecay: decay });
    expect(kept.length).toBe(6);
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const wanted = new Map(
      [...tensorsOf(await model.saveWeights())].map(([name, { values }]) => [name, Array.from(values)]),
    );
    model.dispose();
    for (const files of kept) {
      const weights = tensorsOf(files.get('trained.safetensors')!);
      const averages = tensorsOf(files.get('weights.safetensors')!);
      expect([...averages.keys()]).toEqual([...weights.keys()]);
      for (const [name, { values }] of weights) {
        const average = wanted.get(name)!;
        for (const [i, value] of values.entries()) {
          average[i] = decay * average[i]! + (1 - decay) * value;
          expect(averages.get(name)!.values[i]).toBeCloseTo(average[i]!, 6);
        }
      }
    }
  });

  test('with a decay of 0 is the weights, bit for bit', async () => {
    const { kept, trained } = await everyStep({ emaDecay: 0 });
    const plain = await run({ config: { steps: 6 } });
    for (const files of kept)
      expect(files.get('weights.safetensors')).toEqual(files.get('trained.safetensors'));
    expect(trained.weights).toEqual(plain.weights);
  });

  test('changes nothing of the training itself', async () => {
    const { kept, trained } = await everyStep({ emaDecay: 0.9 });
    const plain = await everyStep({});
    expect(trained.losses).toEqual(plain.trained.losses);
    for (const [i, files] of kept.entries()) {
      expect(files.get('trained.safetensors')).toEqual(plain.kept[i]!.get('weights.safetensors'));
      expect(files.get('optimizer.safetensors')).toEqual(plain.kept[i]!.get('optimizer.safetensors'));
      expect(plain.kept[i]!.has('trained.safetensors')).toBe(false);
    }
  });

  test('is what the model has at the end, and what those get who use the checkpoint', async () => {
    const { kept, trained } = await everyStep({ emaDecay: 0.9 });
    const files = kept.at(-1)!;
    expect(trained.weights).toEqual(files.get('weights.safetensors'));
    expect(trained.weights).not.toEqual(files.get('trained.safetensors'));
    const model = await openSimVlm(memoryCheckpoint(files));
    expect(await model.saveWeights({ format: 'simvlm' })).toEqual(trained.weights);
    model.dispose();
  });

  test.each([{}, { accumulate: 2, freeze: ['patcher.*'], layerDecay: 0.8 }])(
    'is resumed exactly, with %j',
    async more => {
      const config = { emaDecay: 0.8, ...more };
      const data = { documents: true, ahead: 2 };
      const storage = memoryStorage();
      const whole = memoryStorage();
      const all = await run({ config, batches: batches(data), storage: whole });
      const first = await run({ config, batches: batches(data), storage, stopAt: 5 });
      const resume = (await storage.latest())!;
      const second = await run({ config, batches: batches(data), resume, storage, seed: 99 });
      expect([...first.losses, ...second.losses]).toEqual(all.losses);
      expect(second.weights).toEqual(all.weights);
      for (const name of ['weights', 'trained', 'optimizer'].map(file => `${file}.safetensors`))
        expect(storage.files!.get(name), name).toEqual(whole.files!.get(name));
    },
  );

  test('leaves frozen weights alone, to the bit', async () => {
    const { kept } = await everyStep({ emaDecay: 0.9, freeze: ['patcher.*'] });
    const [averages, weights] = ['weights', 'trained'].map(name =>
      tensorsOf(kept.at(-1)!.get(`${name}.safetensors`)!),
    );
    expect(averages!.get('patcher.out.weight')).toEqual(weights!.get('patcher.out.weight'));
    expect(averages!.get('embedding.weight')).not.toEqual(weights!.get('embedding.weight'));
  });

  test('begins with the weights of a checkpoint that has none, and is dropped by a run without one', async () => {
    const plain = await everyStep({});
    const averaged = await everyStep({ emaDecay: 0 });
    const config = { steps: 6 };
    const begun = await run({ resume: plain.kept[2]!, config: { ...config, emaDecay: 0 } });
    const dropped = await run({ resume: averaged.kept[2]!, config });
    expect(begun.weights).toEqual(plain.trained.weights);
    expect(dropped.weights).toEqual(plain.trained.weights);
  });

  test('keeps no tensor from step to step, nor after the end, nor after a resume that fails', async () => {
    const counts: number[] = [];
    const before = tf.memory().numTensors;
    await run({
      config: { emaDecay: 0.9 },
      callbacks: [{ onStep: () => void counts.push(tf.memory().numTensors) }],
    });
    expect(new Set(counts).size).toBe(1);
    const { kept } = await everyStep({ emaDecay: 0.9 });
    const spoilt = new Map(kept[0]!);
    spoilt.set('weights.safetensors', kept[0]!.get('optimizer.safetensors')!);
    const error = await errorOf(run({ resume: spoilt, config: { emaDecay: 0.9 } }));
    expect(error.message).toMatch(/weights: this model has no "m.patcher.out.weight"/);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([-0.1, 1, '0.9'])('with a decay of %j is refused by its name', async emaDecay => {
    const error = await errorOf(run({ config: { emaDecay: emaDecay as number } }));
    expect(error.message).toContain('"emaDecay" must be a number from 0 to below 1');
  });
});
