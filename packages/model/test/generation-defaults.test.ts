import { beforeAll, expect, test } from 'vitest';
import { checkModelConfig, type GenerateRequest, type SimVlmConfig } from '../src/index';
import { livelyModel, talkativeModel, tinyBatch, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const images = tinyBatch([{ text: [] }, { text: [] }]).images!.pixels;
const beams = { kind: 'beam', beams: 3, lengthPenalty: 0 } as const;

/** What the same weights write with and without defaults of the model's own. */
async function written(generation: SimVlmConfig['generation'], request: GenerateRequest) {
  const [own, plain] = [talkativeModel({ generation }, 2), talkativeModel({}, 2)];
  try {
    return { own: await own.generate(request), plain: (given: GenerateRequest) => plain.generate(given) };
  } finally {
    own.dispose();
  }
}

test('where a request says nothing, length and sampler are those of the model', async () => {
  const { own, plain } = await written({ maxLength: 4, sampler: beams }, { images });
  expect(own).toEqual(await plain({ images, maxLength: 4, sampler: beams }));
  expect(own[0]!.score).toBeDefined();
});

test('where a request says nothing, the rules for tokens are those of the model', async () => {
  const rules = { minLength: 3, repetitionPenalty: 5, noRepeatNgram: 1 };
  const { own, plain } = await written(rules, { images });
  expect(own).toEqual(await plain({ images, ...rules }));
  expect(own, 'the rules change something').not.toEqual(await plain({ images }));
  const off = await written(rules, { images, minLength: 0, repetitionPenalty: 1, noRepeatNgram: 0 });
  expect(off.own).toEqual(await off.plain({ images }));
});

test("the model's own least length is no reason to refuse a shorter text", async () => {
  const { own, plain } = await written({ minLength: 6 }, { images, maxLength: 3 });
  expect(own).toEqual(await plain({ images, maxLength: 3, minLength: 3 }));
});

test('what a request says comes first', async () => {
  const said: GenerateRequest = { images, maxLength: 6, sampler: { kind: 'greedy' } };
  const { own, plain } = await written({ maxLength: 4, sampler: beams }, said);
  expect(own).toEqual(await plain(said));
});

test("a prompt that leaves less room than the model's length is continued as far as there is room", async () => {
  const model = livelyModel({ generation: { maxLength: 8 } });
  const [made] = await model.generate({
    images: images.slice(0, 192),
    prompts: [Int32Array.of(5, 6, 7, 8, 9, 10)],
  });
  expect(made!.tokenLogProbs.length).toBeLessThanOrEqual(4);
  model.dispose();
});

test("beams of the model's own give way to onToken, which they do not go with", async () => {
  const told: number[] = [];
  const request = { images, onToken: (row: number) => told.push(row) };
  const { own, plain } = await written({ sampler: beams }, request);
  expect(own).toEqual(await plain({ images }));
  expect(told.length).toBeGreaterThan(0);
});

test.each<[object, string]>([
  [{ minLength: 5, maxLength: 4 }, '"minLength" 5 is more than "maxLength" 4'],
  [{ repetitionPenalty: 0 }, '"repetitionPenalty" must be a number above 0, got 0'],
  [{ maxLength: 11 }, '"maxLength" must be an integer from 1 to 10, got 11'],
  [{ beams: 3 }, 'unknown key "beams"'],
  [{ sampler: { kind: 'beam' } }, 'sampler beam: "beams" is missing'],
])('%j is refused with its key', (generation, message) => {
  expect(() => checkModelConfig(tinyConfig({ generation }))).toThrow(message);
});
