import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, cutOf, FIRST, modelOf, piece, unused, userDefined } from '../models.test-util';
import { toUtf8 } from '../utf8';
import { pieceType, type TokenizerModel } from '../vocabulary';
import { Lattice } from './lattice';
import { Tokens } from './tokens';
import { unigramVocabulary } from './unigram-vocabulary';
import { Viterbi } from './viterbi';

interface Scored {
  readonly ids: readonly number[];
  readonly score: number;
}

function latticeOf(model: TokenizerModel, text: string): Lattice {
  const bytes = toUtf8(text);
  return new Lattice(unigramVocabulary(model), bytes, bytes.length);
}

/** The `n` best segmentations of what a text begins with, for each place in it: all of them, or enough of them for the next place. */
function bestOf(model: TokenizerModel, text: string, n = Number.POSITIVE_INFINITY): Scored[] {
  const { scores, unknown } = unigramVocabulary(model);
  const characters = [...text];
  const best: Scored[][] = [[{ ids: [], score: 0 }]];
  for (let end = 1; end <= characters.length; end++) {
    const found: Scored[] = [];
    for (let begin = 0; begin < end; begin++) {
      const part = characters.slice(begin, end).join('');
      const known = model.pieces.findIndex(({ text }) => text === part);
      const isText =
        known >= 0 &&
        [pieceType.normal, pieceType.userDefined].some(type => type === model.pieces[known]!.type);
      if (!isText && end > begin + 1) continue;
      const id = isText ? known : unknown;
      for (const { ids, score } of best[begin]!)
        found.push({ ids: [...ids, id], score: score + scores[id]! });
    }
    best.push(found.sort((a, b) => b.score - a.score).slice(0, n));
  }
  return best.at(-1)!;
}

const word = (maxLength: number) =>
  fc
    .array(fc.constantFrom('a', 'a', 'b', 'é', '😀'), { minLength: 1, maxLength })
    .map(letters => letters.join(''));
const { normal, userDefined: fixed, unused: never } = pieceType;
const models = fc
  .uniqueArray(
    fc.tuple(
      word(4),
      fc.float({ min: -12, max: 0, noNaN: true }),
      fc.constantFrom(normal, normal, normal, fixed, never),
    ),
    {
      selector: ([text]) => text,
      maxLength: 12,
    },
  )
  .map(list => modelOf([piece('?', -9), ...list.map(([text, score, type]) => piece(text, score, type))]));
const hug = modelOf(
  Object.entries({
    h: -3,
    u: -2.5,
    g: -3.25,
    s: -2,
    hu: -4,
    ug: -4.125,
    hug: -5.75,
    gs: -4.5,
    ugs: -5.5,
  }).map(([text, score]) => piece(text, score)),
);

describe('the n best', () => {
  it('are the n best of all, the best first', () => {
    fc.assert(
      fc.property(models, word(10), fc.integer({ min: 1, max: 200 }), (model, text, n) => {
        const all = bestOf(model, text);
        const found = latticeOf(model, text).nBest(n);
        expect(found.length).toBe(Math.min(n, all.length));
        expect(new Set(found.map(({ ids }) => ids.join())).size).toBe(found.length);
        for (const [i, { ids, score }] of found.entries()) {
          expect(Math.abs(score - all[i]!.score)).toBeLessThan(1e-4);
          const same = all.find(each => each.ids.join() === ids.join());
          expect(Math.abs(score - same!.score)).toBeLessThan(1e-4);
        }
        // The best goes before what is worse by more than rounding, which fixes the order.
        for (const [i, { ids }] of found.entries()) {
          const gaps = [all[i - 1], all[i + 1]].map(other => Math.abs((other?.score ?? 1e9) - all[i]!.score));
          if (Math.min(...gaps) > 1e-3) expect(ids).toEqual(all[i]!.ids);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('come with the places where their pieces end', () => {
    expect(latticeOf(modelOf([piece('é', -1), piece('aé', -1)]), 'aé中').nBest(9)).toEqual([
      { ids: [FIRST + 1, 0], ends: [3, 6], score: -12 },
      { ids: [0, FIRST, 0], ends: [1, 3, 6], score: -23 },
    ]);
  });

  it('never hold an unused piece, and no unknown token where the character is a piece', () => {
    const pieces = [unused('ab'), unused('b'), piece('a', -1), userDefined('aa')];
    const found = latticeOf(modelOf(pieces), 'aab').nBest(512);
    expect(found.map(({ ids }) => ids.join())).toEqual([`${FIRST + 3},0`, `${FIRST + 2},${FIRST + 2},0`]);
  });

  it('of the empty text are one, and nothing in it', () => {
    expect(latticeOf(hug, '').nBest(3)).toEqual([{ ids: [], ends: [], score: 0 }]);
  });

  it('begin with what Viterbi finds', () => {
    fc.assert(
      fc.property(models, word(30), (model, text) => {
        const [best] = latticeOf(model, text).nBest(1);
        const bytes = toUtf8(text);
        const right = cut(new Viterbi(unigramVocabulary(model)), text);
        const clear = bestOf(model, text, 2);
        if (clear.length < 2 || clear[0]!.score - clear[1]!.score > 1e-3)
          expect(best!.ids).toEqual(right.ids);
        expect(best!.ends.at(-1)).toBe(bytes.length);
      }),
    );
  });

  it.each([1, 10, 512])('are right, for n = %s, also when there are more than can be held on the way', n => {
    const random = Random.fromSeed(9);
    // Sums of these are exact.
    const scores = Array.from({ length: 40 }, (_, i) => -1 - i - random.integer(64) / 64);
    const model = modelOf(scores.map((score, i) => piece('a'.repeat(i + 1), score)));
    const text = 'a'.repeat(100);
    const found = latticeOf(model, text).nBest(n);
    expect(found.map(({ score }) => score)).toEqual(bestOf(model, text, n).map(({ score }) => score));
    expect(new Set(found.map(({ ids }) => ids.join())).size).toBe(n);
  });
});

describe('a sample', () => {
  /** How often each segmentation is drawn. */
  function drawn(model: TokenizerModel, text: string, alpha: number, count: number): Map<string, number> {
    const random = Random.fromSeed(7);
    const lattice = latticeOf(model, text);
    const counts = new Map<string, number>();
    const tokens = new Tokens();
    for (let i = 0; i < count; i++) {
      tokens.clear();
      lattice.sample(alpha, () => random.uniform(), tokens);
      const ids = tokens.ids.subarray(0, tokens.count).join();
      counts.set(ids, (counts.get(ids) ?? 0) + 1);
    }
    return counts;
  }

  it.each([0, 0.1, 0.5, 1, 2])('is drawn with a probability in proportion to P^%s', alpha => {
    const all = bestOf(hug, 'hugs');
    const weights = all.map(({ score }) => Math.exp(alpha * score));
    const sum = weights.reduce((a, b) => a + b);
    const count = 10_000;
    const counts = drawn(hug, 'hugs', alpha, count);
    let chiSquare = 0;
    for (const [i, { ids }] of all.entries()) {
      const expected = (count * weights[i]!) / sum;
      chiSquare += ((counts.get(ids.join()) ?? 0) - expected) ** 2 / expected;
      counts.delete(ids.join());
    }
    // Nothing else is drawn. There are 7 ways, and for 6 degrees of freedom a greater value has a probability of 1e-4.
    expect([...counts.keys()]).toEqual([]);
    expect(all.length).toBe(7);
    expect(chiSquare).toBeLessThan(27.9);
  });

  it('is the likeliest where alpha is large', () => {
    const [best] = bestOf(hug, 'hugshugs');
    expect([...drawn(hug, 'hugshugs', 1000, 200).keys()]).toEqual([best!.ids.join()]);
  });

  it('is all alike where alpha is 0, also with far too many ways to count', () => {
    const text = 'hugs'.repeat(500);
    const random = Random.fromSeed(8);
    const { texts } = cutOf(text, (_, tokens) =>
      latticeOf(hug, text).sample(0, () => random.uniform(), tokens),
    );
    expect(texts.join('')).toBe(text);
    // Of the 7 ways to cut each word one has the piece hug.
    const whole = texts.filter(part => part === 'hug').length;
    expect(whole / 500).toBeGreaterThan(1 / 7 - 0.06);
    expect(whole / 500).toBeLessThan(1 / 7 + 0.06);
  });

  it('is always a segmentation of the text, and adds to the tokens that are there', () => {
    fc.assert(
      fc.property(
        models,
        word(12),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.nat(),
        (model, text, alpha, seed) => {
          const random = Random.fromSeed(seed);
          const all = new Set(bestOf(model, text).map(({ ids }) => ids.join()));
          const { ids } = cutOf(text, (_, tokens) => {
            tokens.push(999, 0);
            latticeOf(model, text).sample(alpha, () => random.uniform(), tokens);
          });
          expect(ids[0]).toBe(999);
          expect(all).toContain(ids.slice(1).join());
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is a segmentation whatever the random numbers are', () => {
    for (const uniform of [0, 0.5, 1 - 2 ** -53])
      expect(
        cutOf('hugs', (_, tokens) => latticeOf(hug, 'hugs').sample(0.3, () => uniform, tokens)).texts.join(
          '',
        ),
      ).toBe('hugs');
  });
});
