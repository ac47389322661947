import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spanCorruption } from '../src/index';

const EOS = 1;
/** The first of so many sentinels; text has ids from 2 to below `LAST`. */
const LAST = 10_000;
const sentinels = Array.from({ length: 2000 }, (_, i) => LAST - i);
const isSentinel = (token: number) => token > LAST - sentinels.length;

/** A text of n different tokens and the end token. */
const textOf = (n: number) => Int32Array.from({ length: n + 1 }, (_, i) => (i === n ? EOS : 2 + i));

interface Options {
  readonly maxTextLength?: number;
  readonly noiseDensity?: number;
  readonly meanSpanLength?: number;
}

function corrupt(n: number, seed: number, { maxTextLength = 4096, ...rates }: Options = {}) {
  const objective = spanCorruption({ sentinels, eos: EOS, maxTextLength, ...rates });
  const made = objective(Random.fromSeed(seed), { tokens: textOf(n), hasImage: false });
  const prefix = [...made.tokens.subarray(0, made.prefixLength)];
  const target = [...made.tokens.subarray(made.prefixLength)];
  return { prefix, target, noise: target.filter(token => !isSentinel(token)).length - 1 };
}

/** The text again: each sentinel of the prefix gives way to what the target has between it and the next. */
function restored({ prefix, target }: { prefix: number[]; target: number[] }): number[] {
  const spans = new Map<number, number[]>();
  let open: number[] = [];
  for (const token of target.slice(0, -1)) {
    if (isSentinel(token)) {
      open = [];
      spans.set(token, open);
    } else open.push(token);
  }
  return prefix.flatMap(token => (isSentinel(token) ? spans.get(token)! : [token]));
}

const texts = fc.integer({ min: 0, max: 300 });
const rates = fc.record({
  noiseDensity: fc.double({ min: 0.01, max: 0.6, noNaN: true }),
  meanSpanLength: fc.double({ min: 2, max: 10, noNaN: true }),
});

test('prefix and target together give the text back', () => {
  fc.assert(
    fc.property(texts, fc.nat(), rates, (n, seed, options) => {
      expect(restored(corrupt(n, seed, options))).toEqual([...textOf(n).subarray(0, n)]);
    }),
  );
});

test('sentinels come in order, each once on either side, never two in a row; the target ends with one more and the end token', () => {
  fc.assert(
    fc.property(texts, fc.nat(), rates, (n, seed, options) => {
      const { prefix, target } = corrupt(n, seed, options);
      const spans = prefix.filter(isSentinel).length;
      expect(prefix.filter(isSentinel)).toEqual(sentinels.slice(0, spans));
      expect(target.filter(isSentinel)).toEqual(sentinels.slice(0, spans + 1));
      expect(target.slice(-2)).toEqual([sentinels[spans], EOS]);
      // Two in a row in the prefix would be one span in two; in the target, an empty span.
      for (const side of [prefix, target])
        expect(side.some((token, i) => i > 0 && isSentinel(token) && isSentinel(side[i - 1]!))).toBe(false);
    }),
  );
});

// noise = round(0.15 n) and spans = round(noise / 3), half to even, each at least 1: random_spans_noise_mask of T5's code.
test.each([
  [2, 1, 1],
  [6, 1, 1],
  [10, 2, 1],
  [20, 3, 1],
  [30, 4, 1],
  [50, 8, 3],
  [100, 15, 5],
  [200, 30, 10],
  [512, 77, 26],
])('of %i tokens %i are taken out in %i spans, whatever is drawn', (n, noise, spans) => {
  for (let seed = 0; seed < 20; seed++) {
    const made = corrupt(n, seed);
    expect(made.noise).toBe(noise);
    expect(made.prefix.filter(isSentinel).length).toBe(spans);
  }
});

test('a long text loses 15 % of its tokens in spans of 3 on average', () => {
  const { noise, prefix } = corrupt(3000, 1);
  expect(noise / 3000).toBe(0.15);
  expect(noise / prefix.filter(isSentinel).length).toBe(3);
});

test('the span of a caption lies at each of its places as often', () => {
  const counts = new Array<number>(6).fill(0);
  for (let seed = 0; seed < 6000; seed++) counts[corrupt(6, seed).prefix.findIndex(isSentinel)]!++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(20.52); // p = 0.001 at 5 degrees of freedom
});

test('every arrangement of two spans is as likely', () => {
  // 8 tokens, 3 of them out, in 2 spans: lengths 1 + 2 or 2 + 1; the five that stay, one or more between: 2 × 15 ways.
  const counts = new Map<string, number>();
  const draws = 9000;
  for (let seed = 0; seed < draws; seed++) {
    const made = corrupt(8, seed, { noiseDensity: 0.375, meanSpanLength: 1.5 });
    const key = made.prefix.join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(counts.size).toBe(30);
  const mean = draws / 30;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  expect(chiSquare).toBeLessThan(58.3); // p = 0.001 at 29 degrees of freedom
});

test('what a text becomes fits maxTextLength, with as much of the text as can be', () => {
  for (const maxTextLength of [5, 8, 17, 64, 256]) {
    const most = corrupt(1000, 1, { maxTextLength });
    const length = most.prefix.length + most.target.length;
    expect(length).toBeLessThanOrEqual(maxTextLength);
    // One token more can mean one span more, which takes three places.
    expect(length).toBeGreaterThanOrEqual(maxTextLength - 2);
    const kept = restored(most);
    expect(kept).toEqual([...textOf(kept.length).subarray(0, kept.length)]);
  }
});

test('the same stream gives the same spans, another one others', () => {
  expect(corrupt(100, 5)).toEqual(corrupt(100, 5));
  expect(corrupt(100, 5)).not.toEqual(corrupt(100, 6));
});

test('a text of one token is one span, one without tokens the end alone', () => {
  expect(corrupt(1, 1)).toMatchObject({ prefix: [LAST], target: [LAST, 2, LAST - 1, EOS] });
  expect(corrupt(0, 1)).toMatchObject({ prefix: [], target: [LAST, EOS] });
});

test('too few sentinels are refused with how many are needed and where to get them', () => {
  const make = (count: number) => () =>
    spanCorruption({ sentinels: sentinels.slice(0, count), eos: EOS, maxTextLength: 256 });
  expect(make(11)).toThrow(
    'objective span-corruption: texts of 256 tokens need 12 sentinels, the tokenizer has 11; add some to its vocabulary',
  );
  expect(make(12)).not.toThrow();
  // Of the longest text that fits, 230 tokens, 34 are taken out in 11 spans.
  expect(corrupt(1000, 3, { maxTextLength: 256 }).target.filter(isSentinel).length).toBe(12);
});

test('a maxTextLength in which no text fits is refused', () => {
  expect(() => corrupt(3, 1, { maxTextLength: 4 })).toThrow('which do not fit maxTextLength 4');
});
