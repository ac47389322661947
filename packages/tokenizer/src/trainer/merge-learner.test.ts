import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpusOf } from './corpus.test-util';
import { MergeLearner } from './merge-learner';
import { joinedScript, scriptOf } from './script';

function learned(words: Readonly<Record<string, number>>, maxLength = 16): string[] {
  const learner = new MergeLearner(corpusOf(words), maxLength);
  const texts: string[] = [];
  for (let text = learner.next(); text !== undefined; text = learner.next()) texts.push(text);
  return texts;
}

/** Two neighbours that may be joined. */
interface Pair {
  left: string;
  right: string;
  count: number;
}

/**
 * Byte-pair encoding as it is told: counts all pairs of neighbours, joins the most frequent one everywhere, and
 * begins again.
 */
function naive(words: Readonly<Record<string, number>>, maxLength: number): string[] {
  const parts = Object.entries(words).map(([word, count]) => ({ symbols: [...word], count }));
  const texts: string[] = [];
  for (;;) {
    const pairs = new Map<string, Pair>();
    for (const { symbols, count } of parts)
      for (let i = 1; i < symbols.length; i++) {
        const [left, right] = [symbols[i - 1]!, symbols[i]!];
        if (lengthOf(left + right) > maxLength || !isOneScript(left + right)) continue;
        const pair = pairs.get(`${left} ${right}`) ?? { left, right, count: 0 };
        pair.count += count;
        pairs.set(`${left} ${right}`, pair);
      }
    const order = [...pairs.values()].sort(
      (a, b) =>
        b.count - a.count ||
        lengthOf(a.left + a.right) - lengthOf(b.left + b.right) ||
        (a.left + a.right < b.left + b.right ? -1 : 1),
    );
    const [best] = order;
    if (best === undefined) return texts;
    const text = best.left + best.right;
    for (const { symbols } of parts)
      for (let i = 1; i < symbols.length; i++)
        if (symbols[i - 1] === best.left && symbols[i] === best.right) symbols.splice(i - 1, 2, text);
    texts.push(text);
  }
}

const lengthOf = (text: string) => [...text].length;

function isOneScript(text: string): boolean {
  return (
    Array.from(text, scriptOf).reduce((script, next) => (script < 0 ? script : joinedScript(script, next))) >=
    0
  );
}

const corpus = (...alphabet: string[]) =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 14, size: 'max' }),
        fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 100 })),
      ),
      { selector: ([text]) => text, minLength: 1, maxLength: 10 },
    )
    .map(entries => Object.fromEntries(entries));

describe('the joins', () => {
  it.each([
    ['few symbols, much alike', ['a', 'b']],
    ['some symbols', ['a', 'b', 'c', 'd', '▁']],
    ['several scripts and marks', ['a', 'b', '▁', '1', '2', 'あ', '\u0301']],
  ])('are those of counting everything anew after each: %s', (_, alphabet) => {
    let compared = 0;
    fc.assert(
      fc.property(corpus(...alphabet), fc.integer({ min: 1, max: 16 }), (words, maxLength) => {
        const texts = naive(words, maxLength);
        // All that stands in a piece decides how it was joined, so no text is joined in two ways.
        expect(new Set(texts).size).toBe(texts.length);
        expect(learned(words, maxLength)).toEqual(texts);
        compared += texts.length;
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it.each<[string, Record<string, number>, string[]]>([
    ['the most frequent pair first', { ab: 2, cd: 3 }, ['cd', 'ab']],
    ['each occurrence in a word, as often as the word occurs', { abab: 2, cd: 3 }, ['ab', 'cd', 'abab']],
    ['of equally frequent ones the shorter', { abc: 3, ab: 2, de: 3 }, ['ab', 'de', 'abc']],
    [
      'of equally long ones the lesser by its UTF-16 units',
      { '\uff59\uff5a': 1, ba: 1, ab: 1, 𐐀𐐁: 1 },
      ['ab', 'ba', '𐐀𐐁', '\uff59\uff5a'],
    ],
    ['nothing over the end of a word', { a: 9, b: 9 }, []],
    [
      'what is left of a pair that others took from',
      { abc: 4, ab: 9, xbc: 9, bc: 9, zabc: 3 },
      ['bc', 'ab', 'xbc', 'abc', 'zabc'],
    ],
  ])('%s', (_, words, expected) => {
    const found = learned(words);
    expect(found).toEqual(expected);
    expect(found).toEqual(naive(words, 16));
  });

  it('stop where pieces would be longer than allowed', () => {
    const words = { [`▁${'abcdefgh'.repeat(8)}`]: 3 };
    for (const most of [1, 2, 5, 16, 64]) {
      const longest = Math.max(1, ...learned(words, most).map(text => text.length));
      expect(longest).toBeLessThanOrEqual(most);
      expect(learned(words, most)).toEqual(naive(words, most));
    }
    expect(learned({ 𐐀𐐁𐐂: 1 }, 2)).toEqual(['𐐀𐐁']);
  });
});

describe('a symbol again and again', () => {
  it('is joined from the left, and no join is learned that nothing is made with', () => {
    expect(learned({ aaaa: 1 })).toEqual(['aa', 'aaaa']);
    expect(learned({ aaaaa: 1 })).toEqual(['aa', 'aaa', 'aaaaa']);
    expect(learned({ ababab: 2 })).toEqual(['ab', 'abab', 'ababab']);
  });

  it('comes to an end, also in long words, and every piece stands in the text', () => {
    for (const length of [2, 3, 7, 64, 255, 256]) {
      const text = 'a'.repeat(length);
      const pieces = learned({ [text]: 5, [`b${text}`]: 3 }, 64);
      expect(pieces.length).toBeGreaterThan(0);
      expect(new Set(pieces).size).toBe(pieces.length);
      for (const piece of pieces) expect(`b${text}`).toContain(piece);
    }
  });
});

it('the texts of symbols are the end, the characters, then what was joined', () => {
  const corpus = corpusOf({ abab: 2, b: 1 });
  const learner = new MergeLearner(corpus, 16);
  const before = corpus.text.slice();
  expect(learner.next()).toBe('ab');
  expect(learner.next()).toBe('abab');
  expect(learner.next()).toBeUndefined();
  expect(learner.next()).toBeUndefined();
  expect(learner.texts).toEqual(['', 'b', 'a', 'ab', 'abab']);
  expect(corpus.text).toEqual(before);
});
