/** Mistakes that other open implementations have made around training; resuming is in determinism.test.ts. */
import {
  memoryCheckpoint,
  memoryStorage,
  readAll,
  readSafetensors,
  writeSafetensors,
} from '@simvlm/checkpoint';
import { CheckpointError, Random } from '@simvlm/core';
import { uniformPrefix } from '@simvlm/data';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { beforeAll, expect, test } from 'vitest';
import { AdamW, lossAndGradients, resolveTrainConfig, restoreCheckpoint } from '../src/index';
import { baseConfig, batches, errorOf, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

test('mistake: a fixed prefix length', async () => {
  const drawn = new Map<number, Set<number>>();
  const source = batches();
  for (let step = 0; step < 150; step++)
    for (const { textLengths, prefixLengths } of await source.next())
      for (const [b, length] of textLengths.entries())
        drawn.set(length, (drawn.get(length) ?? new Set()).add(prefixLengths[b]!));
  for (const [length, prefixes] of drawn)
    expect([...prefixes].sort(), `text of ${length}`).toEqual(Array.from({ length }, (_, i) => i));
  const random = Random.fromSeed(1);
  const counts = new Array<number>(5).fill(0);
  for (let i = 0; i < 5000; i++) counts[uniformPrefix(random, { textLength: 5, hasImage: true })]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
});

test('mistake: an optimiser state reported as restored that was not: what is restored is what was saved', async () => {
  const storage = memoryStorage();
  await run({ storage, stopAt: 3 });
  const files = storage.files!;
  const model = SimVlm.create(tinyConfig(), { seed: 5 });
  const optimizer = new AdamW(model.params, resolveTrainConfig(baseConfig));
  await restoreCheckpoint(memoryCheckpoint(files), prefixLmLearner(model), optimizer);
  expect(optimizer.step).toBe(3);
  const tensors = await readAll({ tensors: new Map(optimizer.state()), metadata: {} });
  expect(writeSafetensors(tensors)).toEqual(files.get('optimizer.safetensors'));
  expect(await model.saveWeights({ format: 'simvlm' })).toEqual(files.get('weights.safetensors'));
  for (const kind of ['m.', 'v.']) expect([...tensors.keys()].some(name => name.startsWith(kind))).toBe(true);
  optimizer.dispose();
  model.dispose();
});

test.each([
  ['m.decoder.norm.gamma', undefined, /"m.decoder.norm.gamma" is missing/],
  [
    'v.decoder.norm.gamma',
    { shape: [2, 8], values: new Float32Array(16) },
    /"v.decoder.norm.gamma" is \[2,8\]/,
  ],
] as const)(
  'mistake: an optimiser state that fits in part is taken in part (%s)',
  async (name, replacement, message) => {
    const storage = memoryStorage();
    await run({ storage, stopAt: 1 });
    const files = new Map(storage.files!);
    const tensors = new Map(readSafetensors(files.get('optimizer.safetensors')!).tensors);
    if (replacement) tensors.set(name, replacement);
    else tensors.delete(name);
    files.set('optimizer.safetensors', writeSafetensors(tensors));
    const error = await errorOf(run({ resume: files }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);

    const model = SimVlm.create(tinyConfig(), { seed: 5 });
    const before = await model.saveWeights();
    const optimizer = new AdamW(model.params, resolveTrainConfig(baseConfig));
    await expect(
      restoreCheckpoint(memoryCheckpoint(files), prefixLmLearner(model), optimizer),
    ).rejects.toThrow(message);
    expect(await model.saveWeights(), 'the model stays as it was').toEqual(before);
    expect(optimizer.step).toBe(0);
    optimizer.dispose();
    model.dispose();
  },
);

test('mistake: parameters that no gradient ever reaches', async () => {
  const model = SimVlm.create(tinyConfig(), { seed: 1 });
  const learner = prefixLmLearner(model);
  const source = batches({ documents: true });
  const reached = new Set<string>();
  for (let step = 0; step < 3; step++) {
    const { loss, gradients } = lossAndGradients(learner, [await source.next()]);
    for (const [name, gradient] of gradients) {
      if (gradient.dataSync().some(value => value !== 0)) reached.add(name);
      gradient.dispose();
    }
    loss.dispose();
  }
  expect(model.params.names().filter(name => !reached.has(name))).toEqual([]);
  model.dispose();
});
