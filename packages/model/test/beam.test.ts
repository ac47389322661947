import { beforeAll, describe, expect, test } from 'vitest';
import type { BeamOptions, Continuation, GenerateRequest, SimVlm } from '../src/index';
import { type SlowOptions, type SlowText, slowBeams } from './slow-generation';
import { architectures, talkativeModel, tinyBatch, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const pixels = tinyBatch([{ text: [] }, { text: [] }, { text: [] }]).images!.pixels;
const image = (b: number) => pixels.slice(192 * b, 192 * b + 192);
const prompts = [Int32Array.of(), Int32Array.of(5, 6, 7), Int32Array.of(9)];
const beam = (beams: number, lengthPenalty?: number): BeamOptions => ({
  kind: 'beam',
  beams,
  ...(lengthPenalty !== undefined && { lengthPenalty }),
});

function expectSame(made: Continuation, expected: SlowText): void {
  expect([...made.tokens]).toEqual(expected.tokens);
  expect(made.finished).toBe(expected.finished);
  expect(made.score).toBeCloseTo(expected.score, 4);
  expect(made.tokenLogProbs.length).toBe(expected.logProbs.length);
  for (const [i, value] of expected.logProbs.entries()) expect(made.tokenLogProbs[i]).toBeCloseTo(value, 4);
}

describe.each(architectures)('%s', architecture => {
  const talkative = (seed: number) => talkativeModel({ architecture }, seed);

  test.each<[string, BeamOptions, Partial<GenerateRequest>, Partial<SlowOptions>]>([
    ['', beam(3), {}, {}],
    ['that compare sums', beam(4, 0), {}, {}],
    ['that favour long texts', beam(2, 3), {}, {}],
    ['more than half the vocabulary', beam(12), {}, {}],
    ['that must not end early', beam(3), { minLength: 3 }, { minLength: 3 }],
    ['that stop at once', { ...beam(3, 2), earlyStopping: true }, {}, {}],
    ['that may miss nothing', { ...beam(3, 2), earlyStopping: 'never' }, {}, {}],
    ['with a repetition penalty', beam(3), { repetitionPenalty: 1.5 }, { penalty: 1.5 }],
    ['without repeated bigrams', beam(3), { noRepeatNgram: 2 }, { ngram: 2 }],
    [
      'under all rules',
      beam(4, 0.6),
      { minLength: 2, repetitionPenalty: 1.3, noRepeatNgram: 1 },
      { minLength: 2, penalty: 1.3, ngram: 1 },
    ],
  ])('beams %s give the texts, scores and probabilities of a search without a cache', async (...args) => {
    const [, sampler, request, rules] = args;
    const finished = new Set<boolean>();
    for (const seed of [1, 2, 3]) {
      const model = talkative(seed);
      const made = await model.generate({
        ...{ images: pixels, prompts, maxLength: 6, sampler, captions: 2 },
        ...request,
      });
      expect(made.map(({ row }) => row)).toEqual([0, 0, 1, 1, 2, 2]);
      for (let b = 0; b < 3; b++) {
        const prefix = { prompt: [...prompts[b]!], pixels: image(b) };
        const expected = slowBeams(model, prefix, sampler, { limit: 6, ...rules });
        for (const i of [0, 1]) expectSame(made[2 * b + i]!, expected[i]!);
        finished.add(made[2 * b]!.finished);
      }
      model.dispose();
    }
    expect(finished.has(true), 'some texts end, or this test shows little').toBe(true);
  });

  test('one beam is greedy decoding, whatever is blocked and the length penalty', async () => {
    const rules = [{}, { minLength: 4 }, { noRepeatNgram: 1 }, { noRepeatNgram: 2, minLength: 2 }];
    for (const seed of [1, 2, 3]) {
      const model = talkative(seed);
      for (const [i, rule] of rules.entries()) {
        const request = { images: pixels, prompts, ...rule };
        const greedy = await model.generate(request);
        const one = await model.generate({ ...request, sampler: beam(1, i) });
        for (const [b, { tokens, finished, logProb }] of one.entries()) {
          expect(tokens).toEqual(greedy[b]!.tokens);
          expect(finished).toBe(greedy[b]!.finished);
          expect(logProb).toBeCloseTo(greedy[b]!.logProb, 4);
        }
      }
      model.dispose();
    }
  });

  test('as many beams as there are texts find the likeliest text', async () => {
    const model = talkative(2);
    const [best] = await model.generate({ images: image(0), maxLength: 2, sampler: beam(400, 0) });
    const all = slowBeams(model, { prompt: [], pixels: image(0) }, beam(400, 0), { limit: 2 });
    expectSame(best!, all[0]!);
    expect(all.length).toBeGreaterThan(300);
    model.dispose();
  });

  test('a larger length penalty gives texts that are as long or longer, and changes no probability', async () => {
    const lengths: number[] = [];
    for (const alpha of [0, 1, 4]) {
      let total = 0;
      for (const seed of [1, 2, 3, 4]) {
        const model = talkative(seed);
        const made = await model.generate({ images: pixels, sampler: beam(5, alpha) });
        for (const { tokenLogProbs, logProb, score } of made) {
          total += tokenLogProbs.length;
          expect(score).toBeCloseTo(logProb / tokenLogProbs.length ** alpha, 5);
        }
        model.dispose();
      }
      lengths.push(total);
    }
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(lengths[2]).toBeGreaterThan(lengths[0]!);
  });

  test('a batch gives what its rows give alone, up to the full length of each', async () => {
    for (const seed of [1, 2]) {
      const model = talkative(seed);
      const options = { sampler: beam(3), captions: 3 };
      const together = await model.generate({ images: pixels, prompts, ...options });
      for (let b = 0; b < 3; b++) {
        const alone = await model.generate({ images: image(b), prompts: [prompts[b]!], ...options });
        for (const [i, { tokens, finished, score }] of alone.entries()) {
          const same = together[3 * b + i]!;
          expect(same.tokens).toEqual(tokens);
          expect(same.finished).toBe(finished);
          expect(same.score).toBeCloseTo(score!, 4);
        }
      }
      model.dispose();
    }
  });

  test('captions are different texts, best first, and asking for fewer gives the first of them', async () => {
    const model: SimVlm = talkative(3);
    const request = { images: pixels, sampler: beam(4) };
    const four = await model.generate({ ...request, captions: 4 });
    const one = await model.generate(request);
    for (let b = 0; b < 3; b++) {
      const ofRow = four.slice(4 * b, 4 * b + 4);
      const scores = ofRow.map(({ score }) => score!);
      expect(scores).toEqual([...scores].sort((x, y) => y - x));
      expect(new Set(ofRow.map(({ tokens, finished }) => `${tokens} ${finished}`)).size).toBe(4);
      expect(one[b]).toEqual(ofRow[0]);
    }
    model.dispose();
  });
});
