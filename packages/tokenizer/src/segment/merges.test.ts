import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Cut,
  control,
  cut,
  cutOf,
  FIRST,
  growth,
  modelOf,
  piece,
  unused,
  userDefined,
} from '../models.test-util';
import { toUtf8 } from '../utf8';
import { type Piece, pieceType, type TokenizerModel } from '../vocabulary';
import { Merges } from './merges';
import { Tokens } from './tokens';

const bpe = (pieces: readonly Piece[]) => modelOf(pieces, { algorithm: 'bpe' });
const texts = (pieces: readonly Piece[], text: string) => cut(new Merges(bpe(pieces)), text).texts;
/** Pieces with the scores −1, −2, … in their order, as learning gives them. */
const ranked = (...pieces: string[]) => pieces.map((text, i) => piece(text, -1 - i));

function dropped(model: TokenizerModel, text: string, skip: () => boolean): Cut {
  return cutOf(text, (bytes, tokens) =>
    new Merges(model).segmentWithDropout(bytes, bytes.length, skip, tokens),
  );
}

/** Merging as it is defined: of all neighbours the best pair, the leftmost of equals, is joined, again and again. */
function reference({ pieces, special }: TokenizerModel, text: string): Cut {
  const known = new Map<string, number>();
  for (const [id, { text, type }] of pieces.entries())
    if (type === pieceType.normal || type === pieceType.userDefined || type === pieceType.unused)
      known.set(text, id);
  const isOf = (text: string, type: number) => known.has(text) && pieces[known.get(text)!]!.type === type;
  const symbols: string[] = [];
  for (let at = 0; at < text.length; at += symbols.at(-1)!.length) {
    const fixed = [...known.keys()].filter(
      key => isOf(key, pieceType.userDefined) && text.startsWith(key, at),
    );
    symbols.push(fixed.sort((a, b) => b.length - a.length)[0] ?? String.fromCodePoint(text.codePointAt(at)!));
  }
  const scoreOf = (left: string | undefined, right: string | undefined) => {
    if (left === undefined || right === undefined) return undefined;
    if (isOf(left, pieceType.userDefined) || isOf(right, pieceType.userDefined)) return undefined;
    const id = known.get(left + right);
    return id === undefined ? undefined : pieces[id]!.score;
  };
  // An unused piece comes apart into the pair that was last found to be it, joined or not.
  const parts = new Map<string, readonly [string, string]>();
  const meet = (left: string | undefined, right: string | undefined) => {
    if (scoreOf(left, right) !== undefined && isOf(left! + right!, pieceType.unused))
      parts.set(left! + right!, [left!, right!]);
  };
  for (let i = 0; i + 1 < symbols.length; i++) meet(symbols[i], symbols[i + 1]);
  for (;;) {
    let best = -1;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const score = scoreOf(symbols[i], symbols[i + 1]);
      if (score !== undefined && (best < 0 || score > scoreOf(symbols[best], symbols[best + 1])!)) best = i;
    }
    if (best < 0) break;
    symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!);
    meet(symbols[best - 1], symbols[best]);
    meet(symbols[best], symbols[best + 1]);
  }
  const undone = (symbol: string): string[] => parts.get(symbol)?.flatMap(undone) ?? [symbol];
  const result = symbols.flatMap(undone);
  const ids = result.map(symbol => known.get(symbol) ?? special.unk);
  return { ids, texts: result, unknown: ids.filter(id => id === special.unk).length };
}

const word = (minLength: number, maxLength: number) =>
  fc
    .array(fc.constantFrom('a', 'a', 'b', 'c', 'é', '😀'), { minLength, maxLength })
    .map(list => list.join(''));
/** Few scores, so that many are equal, and some that only differ beyond float32. */
const scores = fc.constantFrom(0, -1, -2, -2.000000001, -3, -1e30);
const vocabulary = (...types: (typeof pieceType)[keyof typeof pieceType][]) =>
  fc
    .uniqueArray(fc.tuple(word(1, 5), scores, fc.constantFrom(...types)), {
      selector: ([text]) => text,
      maxLength: 20,
    })
    .map(list => bpe(list.map(([text, score, type]) => piece(text, score, type))));
const { normal, userDefined: fixed } = pieceType;

describe('Merges', () => {
  it.each([
    ['normal pieces', vocabulary(normal)],
    ['normal and user-defined pieces', vocabulary(normal, normal, normal, fixed)],
    [
      'normal, user-defined and unused pieces',
      vocabulary(normal, normal, fixed, pieceType.unused, pieceType.unused),
    ],
  ])('joins as merging is defined: %s', (_, models) => {
    fc.assert(
      fc.property(models, fc.array(word(0, 25), { maxLength: 4 }), (model, given) => {
        const merges = new Merges(model);
        for (const text of given) expect(cut(merges, text)).toEqual(reference(model, text));
      }),
      { numRuns: 300 },
    );
  });

  it('joins as merging is defined in a long text', () => {
    const model = bpe([...ranked('ab', 'ba', 'aa', 'aba', 'bb', 'abab', 'a'), userDefined('bab')]);
    const text = Array.from({ length: 600 }, (_, i) => 'ab'[Math.floor(Math.sin(i * i) * 2 + 2) % 2]).join(
      '',
    );
    expect(cut(new Merges(model), text)).toEqual(reference(model, text));
  });

  it.each([
    ['the best pair first, wherever it stands', ranked('ug', 'hug', '▁hug', '▁h'), '▁hugs', ['▁hug', 's']],
    ['a better pair before a longer one', ranked('bc', 'ab', 'abd'), 'abc', ['a', 'bc']],
    ['overlapping equals from the left', ranked('aa', 'aaaa'), 'aaaaaaa', ['aaaa', 'aa', 'a']],
    ['of equal scores the leftmost', [piece('bc', -1), piece('ab', -1)], 'abc', ['ab', 'c']],
    ['what is a piece only with characters that are none', ranked('中文', '文'), '中文中', ['中文', '中']],
    ['nothing that is no piece on the way', ranked('abc', 'a', 'b', 'c'), 'abc', ['a', 'b', 'c']],
    ['nothing in nothing', ranked('ab'), '', []],
  ])('joins %s', (_, pieces, text, to) => expect(texts(pieces, text)).toEqual(to));

  it('gives each character without a piece the unknown token', () => {
    expect(cut(new Merges(bpe(ranked('a'))), 'a中😀a')).toEqual({
      ids: [FIRST, 0, 0, FIRST],
      texts: ['a', '中', '😀', 'a'],
      unknown: 2,
    });
  });

  it('never makes a control piece or the unknown token of text that spells them', () => {
    expect(texts([control('ab'), ...ranked('a', 'b')], 'ab<unk>')).toEqual([...'ab<unk>']);
  });

  it('finds user-defined pieces first, the longest, and never joins them', () => {
    const pieces = [...ranked('abc', 'xa', 'bb', 'a', 'b'), userDefined('abb'), userDefined('ab')];
    expect(texts(pieces, 'xabbabcabb')).toEqual(['x', 'abb', 'ab', 'c', 'abb']);
  });

  it('undoes unused pieces into the parts that they are made of', () => {
    const pieces = [...ranked('ab', 'cd', 'a', 'b', 'c', 'd'), unused('abcd', -9)];
    expect(texts(pieces, 'abcd')).toEqual(['ab', 'cd']);
    expect(texts([unused('ab', 0), unused('abc', 0), unused('abcab', 0)], 'abcab')).toEqual([...'abcab']);
  });

  it('leaves an unused character as it is', () => {
    expect(cut(new Merges(bpe([unused('a')])), 'a').ids).toEqual([FIRST]);
  });

  it('cuts a part of the bytes as that part alone, with its ends in all of them', () => {
    fc.assert(
      fc.property(
        vocabulary(normal, fixed),
        word(0, 9),
        word(0, 9),
        word(0, 9),
        (model, before, text, behind) => {
          const merges = new Merges(model);
          const bytes = toUtf8(before + text + behind);
          const [begin, size] = [toUtf8(before).length, toUtf8(text).length];
          const tokens = new Tokens();
          merges.segment(bytes, begin, begin + size, 0, tokens);
          const alone = new Tokens();
          merges.segment(toUtf8(text), 0, size, 0, alone);
          expect([...tokens.ids.subarray(0, tokens.count)]).toEqual([...alone.ids.subarray(0, alone.count)]);
          expect([...tokens.ends.subarray(0, tokens.count)]).toEqual(
            [...alone.ends.subarray(0, alone.count)].map(end => begin + end),
          );
        },
      ),
    );
  });

  it('is right for every length of text, also after longer and shorter ones', () => {
    const merges = new Merges(bpe(ranked('ab')));
    for (const length of [63, 64, 65, 66, 129, 1, 65_537, 66, 64]) {
      const { ids, unknown } = cut(merges, 'c'.repeat(length));
      expect([ids.length, unknown]).toEqual([length, length]);
    }
  });

  it('takes little more than time in proportion to the text', () => {
    const merges = new Merges(bpe(ranked('ab', 'abab', 'abababab', 'ba')));
    const run = (length: number) => {
      const bytes = toUtf8('ab'.repeat(length / 2));
      merges.segment(bytes, 0, bytes.length, 0, new Tokens());
    };
    expect(growth(run, 2 ** 12)).toBeLessThan(64);
  });

  describe('with joins left out', () => {
    it('gives characters and user-defined pieces if all are', () => {
      const text = 'abé😀abab[x]';
      expect(
        dropped(bpe([...ranked('ab', 'abab', 'é😀'), userDefined('[x]')]), text, () => true).texts,
      ).toEqual([...'abé😀abab', '[x]']);
    });

    it('is as merging without if none are', () => {
      fc.assert(
        fc.property(vocabulary(normal, fixed, pieceType.unused), word(0, 20), (model, text) => {
          expect(dropped(model, text, () => false)).toEqual(reference(model, text));
        }),
      );
    });

    it('gives pieces of the text, whichever are', () => {
      const skips = fc.infiniteStream(fc.boolean());
      fc.assert(
        fc.property(vocabulary(normal, normal, fixed), word(0, 20), skips, (model, text, skip) => {
          const { ids, texts } = dropped(model, text, () => skip.next().value);
          expect(texts.join('')).toBe(text);
          for (const [i, id] of ids.entries())
            if (id === 0) expect([...texts[i]!].length).toBe(1);
            else expect(model.pieces[id]!.text).toBe(texts[i]);
        }),
      );
    });

    it('asks once for each pair that comes up', () => {
      let asked = 0;
      dropped(bpe(ranked('ab', 'abc')), 'abcab', () => {
        asked++;
        return false;
      });
      expect(asked).toBe(3);
    });
  });
});
