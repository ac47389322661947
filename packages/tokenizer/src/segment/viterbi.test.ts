import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { control, cut, FIRST, growth, modelOf, piece, unused, userDefined } from '../models.test-util';
import { toUtf8 } from '../utf8';
import { type Piece, pieceType, type TokenizerModel } from '../vocabulary';
import { Tokens } from './tokens';
import { unigramVocabulary } from './unigram-vocabulary';
import { Viterbi } from './viterbi';

const viterbiOf = (model: TokenizerModel) => new Viterbi(unigramVocabulary(model));
const scored = (scores: Record<string, number>) =>
  Object.entries(scores).map(([text, score]) => piece(text, score));
/** The texts of the pieces that a text is cut into. */
const texts = (pieces: readonly Piece[], text: string) => cut(viterbiOf(modelOf(pieces)), text).texts;

function scoreOf(viterbi: Viterbi, text: string, base = 0): number {
  const bytes = toUtf8(text);
  return viterbi.segment(bytes, 0, bytes.length, base, new Tokens());
}

/** Every way to cut a text, as lists of ids, by trying them all. */
function allSegmentations({ pieces, special }: TokenizerModel, text: string): number[][] {
  if (text === '') return [[]];
  const character = String.fromCodePoint(text.codePointAt(0)!);
  const firsts: [text: string, id: number][] = [];
  for (const [id, { text: start, type }] of pieces.entries())
    if ((type === pieceType.normal || type === pieceType.userDefined) && text.startsWith(start))
      firsts.push([start, id]);
  if (!firsts.some(([start]) => start === character)) firsts.push([character, special.unk]);
  return firsts.flatMap(([start, id]) =>
    allSegmentations({ pieces, special } as TokenizerModel, text.slice(start.length)).map(rest => [
      id,
      ...rest,
    ]),
  );
}

function total(model: TokenizerModel, ids: readonly number[]): number {
  const { scores } = unigramVocabulary(model);
  return ids.reduce((sum, id) => sum + scores[id]!, 0);
}

const word = (maxLength: number) =>
  fc
    .array(fc.constantFrom('a', 'a', 'b', 'é', '😀'), { minLength: 1, maxLength })
    .map(letters => letters.join(''));
const vocabulary = (score: fc.Arbitrary<number>) =>
  fc
    .uniqueArray(
      fc.tuple(
        word(4),
        score,
        fc.constantFrom(pieceType.normal, pieceType.normal, pieceType.unused, pieceType.userDefined),
      ),
      {
        selector: ([text]) => text,
        maxLength: 12,
      },
    )
    .map(list => modelOf([piece('?', -9), ...list.map(([text, score, type]) => piece(text, score, type))]));
/** Sums of these are exact. */
const eighths = fc.integer({ min: -80, max: 0 }).map(score => score / 8);
const floats = fc.float({ min: -20, max: 0, noNaN: true });

describe('Viterbi', () => {
  it('finds a segmentation with the greatest of all scores', () => {
    fc.assert(
      fc.property(vocabulary(eighths), fc.array(word(7), { maxLength: 4 }), (model, given) => {
        const viterbi = viterbiOf(model);
        for (const text of given) {
          const { ids } = cut(viterbi, text);
          const all = allSegmentations(model, text);
          expect(all.some(each => each.join() === ids.join())).toBe(true);
          // Only the 0.1 of user-defined pieces is not exact.
          const best = Math.max(...all.map(each => total(model, each)));
          expect(Math.abs(total(model, ids) - best)).toBeLessThan(1e-4);
          expect(Math.abs(scoreOf(viterbi, text) - best)).toBeLessThan(1e-4);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds the segmentation with the greatest score where it is clear, whatever the scores', () => {
    fc.assert(
      fc.property(vocabulary(floats), word(7), (model, text) => {
        const all = allSegmentations(model, text).map(ids => ({ ids, score: total(model, ids) }));
        all.sort((a, b) => b.score - a.score);
        if (all.length > 1 && all[0]!.score - all[1]!.score < 1e-3) return;
        expect(cut(viterbiOf(model), text).ids).toEqual(all[0]!.ids);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['one piece with a better score than its parts', { ab: -1.9, a: -1, b: -1 }, 'ab', ['ab']],
    ['parts with a better score than the whole', { ab: -2.1, a: -1, b: -1 }, 'ab', ['a', 'b']],
    ['what looks worse at first', { ab: -1, a: -3, bcd: -1, b: -9, c: -9, d: -9 }, 'abcd', ['a', 'bcd']],
    [
      'of equals, that with the longest last piece',
      { a: -1, b: -1, c: -1, ab: -2, bc: -2 },
      'abc',
      ['a', 'bc'],
    ],
    ['characters of several bytes', { é: -1, '😀': -1, 'é😀': -1 }, 'éé😀', ['é', 'é😀']],
    ['nothing in nothing', { a: -1 }, '', []],
  ])('finds %s', (_, scores, text, pieces) => expect(texts(scored(scores), text)).toEqual(pieces));

  describe('unknown characters', () => {
    it('are single tokens, 10 below the worst piece', () => {
      const viterbi = viterbiOf(modelOf(scored({ a: -1, b: -5 })));
      expect(cut(viterbi, 'a中😀b')).toEqual({
        ids: [FIRST, 0, 0, FIRST + 1],
        texts: ['a', '中', '😀', 'b'],
        unknown: 2,
      });
      expect(scoreOf(viterbi, 'a中😀b')).toBe(-1 - 15 - 15 - 5);
    });

    it('are not tried where the character is a piece, and only normal pieces count as the worst', () => {
      const viterbi = viterbiOf(modelOf([piece('a', -15), unused('b', -40), userDefined('c')]));
      expect(scoreOf(viterbi, 'a')).toBe(-15);
      expect(scoreOf(viterbi, 'd')).toBe(-25);
    });

    it('do not end a longer piece that begins with them', () => {
      expect(texts(scored({ 中文: -1, 字: -1 }), '中文中字')).toEqual(['中文', '中', '字']);
    });

    it('are all there is in a model without pieces', () => {
      expect(cut(viterbiOf(modelOf([])), 'aé')).toEqual({ ids: [0, 0], texts: ['a', 'é'], unknown: 2 });
    });
  });

  describe('user-defined pieces', () => {
    it('win over pieces with any score', () => {
      const pieces = [userDefined('ab'), ...scored({ a: -0.06, b: -0.06, abc: -0.31, c: -0.2 })];
      expect(texts(pieces, 'abcab')).toEqual(['ab', 'c', 'ab']);
    });

    it('win wherever they stand, if no other piece holds a part of them together with its neighbours', () => {
      const letters = fc.array(fc.constantFrom('a', 'b', '[', ']', '[x]', '中'), { maxLength: 10 });
      const scores = fc.array(fc.float({ min: -20, max: Math.fround(-0.2), noNaN: true }), {
        minLength: 7,
        maxLength: 7,
      });
      fc.assert(
        fc.property(letters, scores, (parts, values) => {
          const normal = ['a', 'b', '[', ']', 'x', 'ab', '[x'].map((text, i) => piece(text, values[i]!));
          const model = modelOf([userDefined('[x]'), ...normal]);
          const { ids } = cut(viterbiOf(model), parts.join(''));
          expect(ids.filter(id => id === FIRST).length).toBe(parts.filter(part => part === '[x]').length);
        }),
      );
    });

    it('score as many times the greatest score as they have bytes, less a tenth', () => {
      const { scores } = unigramVocabulary(modelOf([userDefined('éa'), ...scored({ a: 2, b: 7 })]));
      expect(scores[FIRST]).toBe(3 * 7 - 0.1);
      expect(unigramVocabulary(modelOf([userDefined('éa'), ...scored({ a: -2 })])).scores[FIRST]).toBe(
        Math.fround(3 * 2 ** -126) - 0.1,
      );
    });
  });

  it('never uses an unused piece, and a character that is one is unknown', () => {
    expect(texts([unused('ab', 0), ...scored({ a: -1, b: -1 })], 'ab')).toEqual(['a', 'b']);
    expect(cut(viterbiOf(modelOf([unused('a', 0), piece('b', -1)])), 'ab').ids).toEqual([0, FIRST + 1]);
  });

  it('never takes text for a control piece or the unknown token that it spells', () => {
    expect(cut(viterbiOf(modelOf([control('ab'), piece('k', -1)])), 'ab<unk>').ids).toEqual([
      0,
      0,
      0,
      0,
      0,
      FIRST + 1,
      0,
    ]);
  });

  describe('the margin', () => {
    const marginOf = (scores: Record<string, number>, text: string) => {
      const viterbi = viterbiOf(modelOf(scored(scores)));
      scoreOf(viterbi, text);
      return viterbi.margin;
    };
    it('is infinite where there is one way only', () => {
      expect(marginOf({ a: -1, b: -1 }, 'ab中a')).toBe(Number.POSITIVE_INFINITY);
    });
    it('is the least difference between two ways to one place', () => {
      expect(marginOf({ a: -1, b: -1, ab: -2.5, abab: -3.75 }, 'abab')).toBe(0.25);
      expect(marginOf({ a: -1, b: -1, ab: -2 }, 'ab')).toBe(0);
      expect(marginOf({ 中文: -0.5, 中: -1 }, '中文')).toBe(11.5);
    });
    it('is that of the last text', () => {
      const viterbi = viterbiOf(modelOf(scored({ a: -1, b: -1, ab: -2 })));
      scoreOf(viterbi, 'ab');
      scoreOf(viterbi, 'a');
      expect(viterbi.margin).toBe(Number.POSITIVE_INFINITY);
    });
  });

  it('goes on from a score, and rounds sums to float32 at its size', () => {
    const viterbi = viterbiOf(modelOf(scored({ a: -1, b: -1, ab: -2.25 })));
    const from = (base: number) => {
      const bytes = toUtf8('ab');
      const tokens = new Tokens();
      return { score: viterbi.segment(bytes, 0, 2, base, tokens), count: tokens.count };
    };
    expect(from(-100)).toEqual({ score: -102, count: 2 });
    // At −2^25 a float32 is a multiple of 4: −1 is lost twice, −2.25 becomes −4.
    expect(from(-(2 ** 25))).toEqual({ score: -(2 ** 25), count: 2 });
    // At −2^24 it is a multiple of 2, and 3 lies between 2 and 4, of which 4 is even here: −1 becomes −2, −2.25 too.
    expect(from(-(2 ** 24) - 2)).toEqual({ score: -(2 ** 24) - 4, count: 1 });
  });

  it('appends the pieces of a part of the bytes, with their ends in all of them', () => {
    const viterbi = viterbiOf(modelOf(scored({ a: -1, ab: -1 })));
    const tokens = new Tokens();
    const bytes = toUtf8('abab中a');
    viterbi.segment(bytes, 0, 2, 0, tokens);
    viterbi.segment(bytes, 2, 7, 0, tokens);
    viterbi.segment(bytes, 7, 7, 0, tokens);
    expect([...tokens.ids.subarray(0, tokens.count)]).toEqual([FIRST + 1, FIRST + 1, 0]);
    expect([...tokens.ends.subarray(0, tokens.count)]).toEqual([2, 4, 7]);
    expect(tokens.unknown).toBe(1);
  });

  it('is right for every length of text, also after longer and shorter ones', () => {
    const viterbi = viterbiOf(modelOf(scored({ a: -1 })));
    for (const length of [1, 255, 256, 257, 511, 512, 513, 1025, 1, 65_536, 65_537, 256, 257]) {
      const text = 'a'.repeat(length);
      expect(scoreOf(viterbi, text)).toBe(-length);
      const { ids } = cut(viterbi, text);
      expect([ids.length, ids.every(id => id === FIRST)]).toEqual([length, true]);
    }
  });

  it('takes time in proportion to the text', () => {
    const viterbi = viterbiOf(modelOf(scored({ a: -1, b: -1, ab: -1.5, ba: -1.7, abab: -2 })));
    const run = (length: number) => {
      const bytes = toUtf8('ab'.repeat(length / 2));
      viterbi.segment(bytes, 0, bytes.length, 0, new Tokens());
    };
    expect(growth(run, 2 ** 14)).toBeLessThan(64);
  });
});
