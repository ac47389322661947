import { type JsonValue, Random, Registry } from '@simvlm/core';
import { expect, test } from 'vitest';
import { createBatchSource, dataPlugin, prefixObjective, spanCorruption, uniformPrefix } from '../src/index';
import { common, documents, letters, pairStream, pairs, plainly, textStream } from './fixture';

const registry = new Registry().use(dataPlugin);
const tokenizer = { ...letters, vocabSize: 40, sentinels: [39, 38, 37, 36, 35, 34, 33, 32, 31, 30] };
const objective = (name: string, options: Record<string, JsonValue> = {}, maxTextLength = 8) =>
  registry.get('objective', name)(options, { tokenizer, maxTextLength });
const example = (hasImage = true) => ({ tokens: Int32Array.of(4, 5, 6, 7, 8, 3), hasImage });
/** The prefix lengths of some draws. */
const lengths = (name: string, options: Record<string, JsonValue> = {}, hasImage = true) =>
  Array.from(
    { length: 200 },
    (_, i) => objective(name, options)(Random.fromSeed(i), example(hasImage)).prefixLength,
  );

test('the objectives are registered by name', () => {
  expect(registry.names('objective')).toEqual([
    'prefix-lm',
    'captioning',
    'causal-lm',
    'mixture',
    'span-corruption',
  ]);
  expect(new Set(lengths('prefix-lm'))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(new Set(lengths('prefix-lm', {}, false))).toEqual(new Set([1, 2, 3, 4, 5]));
  expect(new Set(lengths('captioning'))).toEqual(new Set([0]));
  expect(new Set(lengths('captioning', {}, false))).toEqual(new Set([1, 2, 3, 4, 5]));
  expect(new Set(lengths('mixture', { captionProbability: 1 }))).toEqual(new Set([0]));
  expect(new Set([...lengths('causal-lm'), ...lengths('causal-lm', {}, false)])).toEqual(new Set([0]));
});

test('an objective of prefixes leaves the text as it is', () => {
  const { tokens } = prefixObjective(uniformPrefix)(Random.fromSeed(1), example());
  expect(tokens).toEqual(example().tokens);
});

test('an option that an objective does not have, and a value out of range, are refused by name', () => {
  expect(() => objective('prefix-lm', { captionProbability: 1 })).toThrow(
    'objective prefix-lm: unknown key "captionProbability"',
  );
  expect(() => objective('captioning', { length: 3 })).toThrow('objective captioning: unknown key "length"');
  expect(() => objective('causal-lm', { length: 3 })).toThrow('objective causal-lm: unknown key "length"');
  expect(() => objective('mixture')).toThrow('"captionProbability" is missing');
  expect(() => objective('mixture', { captionProbability: 1.1 })).toThrow(
    'must be a number from 0 to 1, got 1.1',
  );
  expect(() => objective('mixture', { captionProbability: '0.5' })).toThrow('must be a number from 0 to 1');
  for (const noiseDensity of [0, 1, '0.15'])
    expect(() => objective('span-corruption', { noiseDensity })).toThrow('a number between 0 and 1');
  expect(() => objective('span-corruption', { meanSpanLength: 0.5 })).toThrow('must be a number ≥ 1');
  expect(() => objective('span-corruption', { sentinels: [1] })).toThrow('unknown key "sentinels"');
});

test('batches train what an objective makes of each text: pairs and documents, in the stated numbers', async () => {
  const options = () => ({
    ...common,
    prefix: undefined,
    imageText: { stream: pairStream(pairs(10)), batchSize: 8 },
    textOnly: { stream: textStream(documents(6)), batchSize: 1 },
    tokenizer,
    maxTextLength: 16,
    objective: spanCorruption({ sentinels: tokenizer.sentinels, eos: 3, maxTextLength: 16 }),
  });
  const [source, again] = [createBatchSource(options()), createBatchSource(options())];
  const [images, texts] = await source.next();
  expect([images!.size, texts!.size]).toEqual([8, 1]);
  for (const batch of [images!, texts!])
    for (let b = 0; b < batch.size; b++) {
      const row = batch.tokens.subarray(b * batch.length, b * batch.length + batch.textLengths[b]!);
      const prefix = batch.prefixLengths[b]!;
      expect([row[prefix], row.at(-1)]).toEqual([39, 3]);
      expect(row.subarray(0, prefix)).toContain(39);
    }
  expect(plainly(await again.next())).toBe(plainly([images!, texts!]));
  // What follows a restore is what would have followed.
  const state = source.state();
  const following = plainly(await source.next());
  again.restore([state]);
  expect(plainly(await again.next())).toBe(following);
});

test('batches have a prefix sampler or an objective, not both and not none', () => {
  const options = { ...common, imageText: { stream: pairStream(pairs(3)), batchSize: 1 } };
  const message = 'batches: give "prefix" or "objective", one of the two';
  expect(() => createBatchSource({ ...options, prefix: undefined })).toThrow(message);
  expect(() => createBatchSource({ ...options, objective: prefixObjective(uniformPrefix) })).toThrow(message);
});
