import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Corpus } from './corpus';
import { corpusOf, textAt } from './corpus.test-util';
import { seedPieces } from './seed-pieces';

/** The words of the property: two letters, so that much repeats, of two scripts, with a mark and a space, which go with both. */
const word = fc.string({
  unit: fc.constantFrom('a', 'a', 'b', 'b', '▁', '1', '\u0301'),
  minLength: 1,
  maxLength: 12,
  size: 'max',
});
const words = fc
  .uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: 4 })), {
    selector: ([text]) => text,
    minLength: 1,
    maxLength: 8,
  })
  .map(entries => Object.fromEntries(entries));

/** All occurrences of all substrings: the word, where in it, and how often. */
function occurrences(counts: Record<string, number>, maxLength: number) {
  const found = new Map<string, { word: string; at: number; count: number }[]>();
  for (const [text, count] of Object.entries(counts))
    for (let at = 0; at < text.length; at++)
      for (let length = 1; length <= Math.min(maxLength, text.length - at); length++) {
        const part = text.slice(at, at + length);
        found.set(part, [...(found.get(part) ?? []), { word: text, at, count }]);
      }
  return found;
}

function textsOf(corpus: Corpus, { lengths, places }: ReturnType<typeof seedPieces>): string[] {
  return Array.from(lengths, (length, piece) => textAt(corpus, places[piece]!, length));
}

describe('seedPieces', () => {
  it('has the characters, then every word and every part that goes on in several ways, of one script, twice or more', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 12 }), (counts, maxLength) => {
        const corpus = corpusOf(counts);
        const texts = textsOf(corpus, seedPieces(corpus, maxLength));
        expect(texts.slice(0, corpus.characters.length)).toEqual(corpus.characters);
        const expected = [...occurrences(counts, maxLength)].filter(([part, places]) => {
          if (part.length < 2 || (/[ab]/.test(part) && part.includes('1'))) return false;
          if (places.reduce((sum, { count }) => sum + count, 0) < 2) return false;
          // Where a word ends, nothing goes on, and each end is one of its own. What is as long as a piece may be is not looked behind.
          const next = new Set(places.map(({ word, at }) => word[at + part.length] ?? `end of ${word}`));
          return part in counts || next.size > 1 || (part.length === maxLength && places.length > 1);
        });
        expect(texts.slice(corpus.characters.length).sort()).toEqual(expected.map(([part]) => part).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('counts how often each occurs, also where it overlaps itself', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 12 }), (counts, maxLength) => {
        const corpus = corpusOf(counts);
        const seeds = seedPieces(corpus, maxLength);
        const found = occurrences(counts, maxLength);
        for (const [piece, text] of textsOf(corpus, seeds).entries()) {
          const frequency = found.get(text)!.reduce((sum, { count }) => sum + count, 0);
          expect([text, seeds.frequencies[piece]]).toEqual([text, frequency]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('knows for each place exactly the pieces that stand there', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 12 }), (counts, maxLength) => {
        const corpus = corpusOf(counts);
        const seeds = seedPieces(corpus, maxLength);
        const texts = textsOf(corpus, seeds);
        for (let place = 0; place < corpus.text.length; place++) {
          const here = Array.from(
            seeds.pieces.subarray(seeds.starts[place], seeds.starts[place + 1]),
            piece => texts[piece]!,
          );
          const expected = texts.filter(text => textAt(corpus, place, text.length) === text);
          expect([place, here.sort()]).toEqual([place, expected.sort()]);
        }
        expect(seeds.starts.at(-1)).toBe(seeds.pieces.length);
      }),
      { numRuns: 150 },
    );
  });

  it('is an example', () => {
    const corpus = corpusOf({ '▁hug': 10, '▁pug': 5, '▁hugs': 5, '▁aaaa': 1, '▁2nd': 3 });
    const seeds = seedPieces(corpus, 16);
    const texts = textsOf(corpus, seeds).slice(corpus.characters.length);
    const frequencies = Object.fromEntries(
      texts.map((text, i) => [text, seeds.frequencies[corpus.characters.length + i]]),
    );
    // "hu" and "▁h" always go on as "▁hug"; "▁aaaa" stands once, "▁2nd" holds a digit and letters.
    expect(frequencies).toEqual({ '▁hug': 15, hug: 15, ug: 20, '▁hugs': 5, '▁pug': 5, aa: 3, aaa: 2 });
  });

  it('finds what repeats in words of 256 symbols, and no piece beyond the longest that is allowed', () => {
    const corpus = corpusOf({ [`${'ab'.repeat(64)}${'c'.repeat(128)}`]: 2, [`x${'ab'.repeat(127)}x`]: 1 });
    const seeds = seedPieces(corpus, 64);
    const texts = textsOf(corpus, seeds);
    expect(Math.max(...seeds.lengths)).toBe(64);
    // At 33 places of the first word, which occurs twice, and at 96 of the second.
    expect(seeds.frequencies[texts.indexOf('ab'.repeat(32))]).toBe(2 * 33 + 96);
    expect(seeds.frequencies[texts.indexOf('c'.repeat(64))]).toBe(2 * 65);
  });
});
