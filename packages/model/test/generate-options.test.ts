import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Continuation, GenerateRequest, SamplerOptions, SimVlm } from '../src/index';
import { logSoftmax, nextLogits, type SlowOptions, slowGreedy } from './slow-generation';
import { architectures, livelyModel, talkativeModel, tinyBatch, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const pixels = tinyBatch([{ text: [] }, { text: [] }, { text: [] }]).images!.pixels;
const image = (b: number) => pixels.slice(192 * b, 192 * b + 192);
const prompts = [Int32Array.of(), Int32Array.of(5, 6, 7), Int32Array.of(9)];
const topP: SamplerOptions = { kind: 'top-p', p: 1, temperature: 3, seed: 1 };
const topK: SamplerOptions = { kind: 'top-k', k: 5, temperature: 3, seed: 1 };

const texts = (made: readonly Continuation[]) => made.map(({ tokens, finished }) => [[...tokens], finished]);

/** Everything of the texts but the last digits of their probabilities. */
function expectEqual(a: readonly Continuation[], b: readonly Continuation[]): void {
  expect(texts(a)).toEqual(texts(b));
  for (const [i, { tokenLogProbs }] of a.entries())
    for (const [t, value] of tokenLogProbs.entries()) expect(value).toBeCloseTo(b[i]!.tokenLogProbs[t]!, 4);
}

describe.each(architectures)('%s', architecture => {
  const talkative = (seed: number) => talkativeModel({ architecture }, seed);

  test.each<[string, Partial<GenerateRequest>, Partial<SlowOptions>]>([
    ['minLength', { minLength: 4 }, { minLength: 4 }],
    ['repetitionPenalty', { repetitionPenalty: 3 }, { penalty: 3 }],
    ['noRepeatNgram 1', { noRepeatNgram: 1 }, { ngram: 1 }],
    ['noRepeatNgram 2', { noRepeatNgram: 2 }, { ngram: 2 }],
    [
      'all of them',
      { minLength: 2, repetitionPenalty: 1.3, noRepeatNgram: 2 },
      { minLength: 2, penalty: 1.3, ngram: 2 },
    ],
  ])('%s changes greedy texts as its definition says, and no reported probability', async (...args) => {
    const [, option, rules] = args;
    let changed = 0;
    for (const seed of [1, 2, 3, 4]) {
      const model = talkative(seed);
      const made = await model.generate({ images: pixels, prompts, maxLength: 6, ...option });
      const without = await model.generate({ images: pixels, prompts, maxLength: 6 });
      for (const [b, { tokens, tokenLogProbs, finished }] of made.entries()) {
        const expected = slowGreedy(
          model,
          { prompt: [...prompts[b]!], pixels: image(b) },
          { limit: 6, ...rules },
        );
        expect([...tokens]).toEqual(expected.tokens);
        expect(finished).toBe(expected.finished);
        for (const [i, value] of expected.logProbs.entries()) expect(tokenLogProbs[i]).toBeCloseTo(value, 4);
        if (tokens.join() !== without[b]!.tokens.join()) changed++;
      }
      model.dispose();
    }
    expect(changed, 'texts that the option changed').toBeGreaterThan(0);
  });

  test('the rules at their defaults change nothing', async () => {
    const model = talkative(1);
    const defaults = { minLength: 0, repetitionPenalty: 1, noRepeatNgram: 0, captions: 1 };
    for (const sampler of [{ kind: 'greedy' }, topP, { kind: 'beam', beams: 2 }] as SamplerOptions[]) {
      const request = { images: pixels, prompts, sampler };
      expect(await model.generate({ ...request, ...defaults })).toEqual(await model.generate(request));
    }
    model.dispose();
  });

  test('sampling holds to minimum length and blocked n-grams', async () => {
    const model = livelyModel({ architecture });
    const sampler: SamplerOptions = { kind: 'top-p', p: 1, temperature: 20, seed: 3 };
    const request = { images: pixels, sampler, captions: 8 };
    const free = await model.generate(request);
    const ruled = await model.generate({ ...request, minLength: 5, noRepeatNgram: 1 });
    const lengths = (made: Continuation[]) => Math.min(...made.map(({ tokens }) => tokens.length));
    const repeats = (made: Continuation[]) =>
      made.filter(({ tokens }) => new Set(tokens).size < tokens.length).length;
    expect([lengths(free) < 5, repeats(free) > 0]).toEqual([true, true]);
    expect([lengths(ruled) >= 5, repeats(ruled)]).toEqual([true, 0]);
    model.dispose();
  });

  test('top-k read from the device is top-k of all logits', async () => {
    const model = livelyModel({ architecture });
    const likeliest = logSoftmax(nextLogits(model, { prompt: [], pixels: image(0) }, []))
      .map((logProb, token) => ({ logProb, token }))
      .sort((a, b) => b.logProb - a.logProb)
      .slice(0, 4);
    const sampler: SamplerOptions = { kind: 'top-k', k: 4, temperature: 50, seed: 1 };
    const made = await model.generate({ images: image(0), maxLength: 1, sampler, captions: 60 });
    const seen = new Map(
      made.map(({ tokens, tokenLogProbs, finished }) => [finished ? 3 : tokens[0]!, tokenLogProbs[0]!]),
    );
    expect([...seen.keys()].sort()).toEqual(likeliest.map(({ token }) => token).sort());
    for (const { token, logProb } of likeliest) expect(seen.get(token)).toBeCloseTo(logProb, 4);
    // The same draws where a rule that changes nothing makes the host see all logits.
    const all = await model.generate({ images: pixels, sampler, repetitionPenalty: 1 + 1e-12 });
    expectEqual(await model.generate({ images: pixels, sampler }), all);
    const one = await model.generate({ images: pixels, sampler: { kind: 'top-k', k: 1, seed: 9 } });
    expectEqual(one, await model.generate({ images: pixels }));
    model.dispose();
  });

  test.each<[string, Partial<GenerateRequest>]>([
    ['greedy', {}],
    ['with a repetition penalty', { repetitionPenalty: 2 }],
    ['without repeated n-grams', { noRepeatNgram: 2 }],
    ['of a minimum length', { minLength: 3 }],
    ['top-p', { sampler: topP }],
    ['top-k', { sampler: topK }],
    ['several samples', { sampler: topK, captions: 3 }],
    ['samples under rules', { sampler: topP, minLength: 2, noRepeatNgram: 1, captions: 2 }],
    ['beams', { sampler: { kind: 'beam', beams: 3 } }],
    [
      'several beams under rules',
      { sampler: { kind: 'beam', beams: 3 }, repetitionPenalty: 1.2, captions: 2 },
    ],
  ])('%s: a row is the same alone, in a batch and in another order', async (_, options) => {
    const model = talkative(1);
    const count = options.captions ?? 1;
    const order = [2, 0, 1];
    const request = (rows: number[]) => ({
      images: Uint8Array.from(rows.flatMap(b => [...image(b)])),
      prompts: rows.map(b => prompts[b]!),
      ids: rows.map(b => `picture ${b}`),
      ...options,
    });
    const batch = await model.generate(request(order));
    for (const [place, b] of order.entries()) {
      const alone = await model.generate(request([b]));
      expectEqual(batch.slice(place * count, (place + 1) * count), alone);
    }
    model.dispose();
  });

  test('draws go by the id of the row; without ids by its number', async () => {
    const model = livelyModel({ architecture });
    const twice = Uint8Array.from([...image(0), ...image(0)]);
    const sampled = async (ids?: readonly (string | number)[]) =>
      texts(await model.generate({ images: twice, sampler: topP, maxLength: 8, ...(ids && { ids }) })).map(
        text => JSON.stringify(text),
      );
    const [a, b] = await sampled();
    expect(a).not.toBe(b);
    expect(await sampled([1, 0])).toEqual([b, a]);
    const [c, d] = await sampled(['same', 'same']);
    expect(c).toBe(d);
    model.dispose();
  });

  test('several samples differ, and the first is the one that a request for one gives', async () => {
    const model = livelyModel({ architecture });
    for (const sampler of [topP, topK]) {
      const three = await model.generate({ images: pixels, sampler, captions: 3 });
      const one = await model.generate({ images: pixels, sampler });
      expect(three.map(({ row }) => row)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
      expectEqual(
        three.filter((_, i) => i % 3 === 0),
        one,
      );
      expect(new Set(three.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(3);
    }
    model.dispose();
  });

  test('rows without an image stand beside rows with one, each as it is alone', async () => {
    const model = talkative(2);
    for (const options of [{}, { sampler: topP }, { sampler: { kind: 'beam', beams: 2 } as const }]) {
      const mixed = await model.generate({
        images: Uint8Array.from([...image(2), ...image(0)]),
        imageRows: [3, 0],
        prompts: [Int32Array.of(), Int32Array.of(5, 6), Int32Array.of(), Int32Array.of(7)],
        ...options,
      });
      const alone = await Promise.all([
        model.generate({ images: image(0), ids: [0], ...options }),
        model.generate({ prompts: [Int32Array.of(5, 6)], ids: [1], ...options }),
        // Neither image nor prompt: the model speaks for itself.
        model.generate({ prompts: [Int32Array.of()], ids: [2], ...options }),
        model.generate({ images: image(2), prompts: [Int32Array.of(7)], ids: [3], ...options }),
      ]);
      expectEqual(mixed, alone.flat());
      expect(mixed.map(({ row }) => row)).toEqual([0, 1, 2, 3]);
    }
    model.dispose();
  });

  test('onToken is given each text as it grows, and may end it all', async () => {
    const model = talkative(1);
    const heard: [number, number[], number][] = [];
    const onToken = (row: number, tokens: Int32Array, caption: number) =>
      void heard.push([row, [...tokens], caption]);
    for (const options of [{}, { sampler: topK, captions: 2 }]) {
      heard.length = 0;
      const made = await model.generate({ images: pixels, prompts, onToken, ...options });
      expect(made).toEqual(await model.generate({ images: pixels, prompts, ...options }));
      const perRow = options.captions ?? 1;
      for (const [i, { row, tokens }] of made.entries()) {
        const own = heard.filter(([r, , caption]) => r === row && caption === i % perRow);
        expect(own.map(([, so]) => so)).toEqual(Array.from(tokens, (_, t) => [...tokens.subarray(0, t + 1)]));
      }
    }
    const before = tf.memory().numTensors;
    const stop = () => {
      throw new Error('enough');
    };
    await expect(model.generate({ images: pixels, minLength: 1, onToken: stop })).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('a prompt of the maximum length but one leaves room for one token, however it is chosen', async () => {
    const model = talkative(1);
    const prompt = [Int32Array.of(5, 6, 7, 8, 9, 5, 6, 7, 8)];
    for (const sampler of [{ kind: 'greedy' }, topK, { kind: 'beam', beams: 2 }] as SamplerOptions[]) {
      const [made] = await model.generate({ images: image(0), prompts: prompt, sampler, minLength: 1 });
      expect([made!.tokens.length, made!.finished]).toEqual([1, false]);
    }
    model.dispose();
  });

  test('where everything is blocked, the text ends', async () => {
    const model = talkativeModel({ architecture, vocabSize: 6, maxTextLength: 12 }, 1);
    for (const sampler of [{ kind: 'greedy' }, topP, { kind: 'beam', beams: 2 }] as SamplerOptions[]) {
      const [made] = await model.generate({ images: image(0), sampler, noRepeatNgram: 1, minLength: 10 });
      // Each token once, but for the start token, which is there already, and the end.
      expect([...made!.tokens].sort()).toEqual([0, 1, 4, 5]);
      expect(made!.finished).toBe(true);
    }
    model.dispose();
  });
});

describe('what does not fit or go together is refused in one line that names it', () => {
  let model: SimVlm;
  beforeAll(() => {
    model = livelyModel();
  });
  const beam: SamplerOptions = { kind: 'beam', beams: 2 };

  test.each<[string, object, string, RegExp]>([
    [
      'an unknown option',
      { beams: 3 },
      'CONFIG_UNKNOWN_KEY',
      /generate: unknown key "beams"; allowed: images/,
    ],
    ['a penalty of 0', { repetitionPenalty: 0 }, 'CONFIG_INVALID', /"repetitionPenalty" .* above 0, got 0/],
    ['half an n-gram', { noRepeatNgram: 1.5 }, 'CONFIG_INVALID', /"noRepeatNgram" must be an integer ≥ 0/],
    ['no caption', { captions: 0 }, 'CONFIG_INVALID', /"captions" must be an integer ≥ 1, got 0/],
    ['a negative length', { minLength: -1 }, 'CONFIG_INVALID', /"minLength" must be an integer ≥ 0, got -1/],
    ['an unknown sampler', { sampler: { kind: 'best' } }, 'CONFIG_INVALID', /kind must be greedy, top-k/],
    [
      'a callback that is none',
      { onToken: true },
      'CONFIG_INVALID',
      /"onToken" must be a function, got true/,
    ],
    ['greedy captions', { captions: 2 }, 'CONFIG_INVALID', /captions 2 needs a sampler .*; greedy makes one/],
    [
      'more captions than beams',
      { captions: 3, sampler: beam },
      'CONFIG_INVALID',
      /captions 3 is more than beams 2/,
    ],
    [
      'streamed beams',
      { onToken: () => {}, sampler: beam },
      'CONFIG_INVALID',
      /onToken does not go with sampler beam/,
    ],
    [
      'crossed lengths',
      { minLength: 4, maxLength: 3 },
      'CONFIG_INVALID',
      /minLength 4 is more than maxLength 3/,
    ],
    [
      'a minimum beyond the room',
      { minLength: 8, prompts },
      'SHAPE_MISMATCH',
      /minLength must be 0 to 7 \(10 text tokens less a prompt of 3\), got 8/,
    ],
    ['too few ids', { ids: ['a'] }, 'SHAPE_MISMATCH', /3 rows need as many ids, got 1/],
    ['image rows without rows', { imageRows: [0, 1, 2] }, 'SHAPE_MISMATCH', /give images, prompts or both/],
    ['too few image rows', { imageRows: [0], prompts }, 'SHAPE_MISMATCH', /3 images need as many imageRows/],
    ['a row twice', { imageRows: [0, 1, 1], prompts }, 'SHAPE_MISMATCH', /different rows from 0 to 2, got 1/],
    ['a row that is not there', { imageRows: [0, 1, 3], prompts }, 'SHAPE_MISMATCH', /from 0 to 2, got 3/],
  ])('%s', async (_, change, code, message) => {
    const before = tf.memory().numTensors;
    const error = await model.generate({ images: pixels, ...change } as GenerateRequest).catch(e => e);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.message).not.toContain('\n');
    expect(tf.memory().numTensors).toBe(before);
  });
});
