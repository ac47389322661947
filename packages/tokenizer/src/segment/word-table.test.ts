import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf, toUtf8 } from '../utf8';
import { WordTable } from './word-table';

/** Adds the word unless it is there; returns its number. */
function put(table: WordTable, text: string, hash: number): number {
  const bytes = toUtf8(text);
  const found = table.find(bytes, 0, bytes.length, hash);
  return found >= 0 ? found : table.add(bytes, 0, bytes.length, hash);
}

describe('WordTable', () => {
  it('numbers 30,000 words as they come, and has the bytes of each', () => {
    const table = new WordTable();
    const words = Array.from({ length: 30_000 }, (_, i) => `▁${(i * 7919).toString(36)}`);
    const numbersOf = () => words.map((word, i) => put(table, word, Math.imul(i, 0x9e3779b1)));
    expect(numbersOf().filter((number, i) => number !== i)).toEqual([]);
    expect(table.count).toBe(words.length);
    expect(numbersOf().filter((number, i) => number !== i)).toEqual([]);
    expect(table.count).toBe(words.length);
    expect(words.map((_, i) => textOf(table.bytes, ...table.rangeOf(i)))).toEqual(words);
  });

  it('tells words apart whose hashes are alike', () => {
    const table = new WordTable();
    const words = Array.from({ length: 2000 }, (_, i) => `w${i}`);
    // All in one place, and all in the last one, so that the search goes on from the beginning.
    for (const hash of [0, -1])
      for (const [i, word] of words.entries())
        expect(put(table, word, hash)).toBe(i + (hash === 0 ? 0 : words.length));
    const bytes = toUtf8('w2000');
    expect(table.find(bytes, 0, bytes.length, 0)).toBe(-1);
    expect(table.find(bytes, 0, bytes.length, -1)).toBe(-1);
  });

  it('is a map from bytes to numbers: one that begins like another is another', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '▁', '\0'), maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat(3)), { maxLength: 100, size: 'max' }), entries => {
        const table = new WordTable();
        const numbers = new Map<string, number>();
        // The hash is the caller's; it may be as bad as this one.
        for (const [word] of entries) {
          if (!numbers.has(word)) numbers.set(word, numbers.size);
          expect(put(table, word, word.length % 2)).toBe(numbers.get(word));
        }
      }),
    );
  });

  it('reads a word in the middle of other bytes, and keeps its own copy', () => {
    const table = new WordTable();
    const bytes = toUtf8('xxabcxx');
    expect(table.find(bytes, 2, 5, 9)).toBe(-1);
    expect(table.add(bytes, 2, 5, 9)).toBe(0);
    bytes.fill(0);
    expect(table.find(toUtf8('abc'), 0, 3, 9)).toBe(0);
    expect(table.find(toUtf8('abc'), 0, 3, 8)).toBe(-1);
    expect(table.find(toUtf8('ab'), 0, 2, 9)).toBe(-1);
  });

  it('takes words longer than all it had, and the empty one', () => {
    const table = new WordTable();
    const words = ['', 'a', 'x'.repeat(100_000), 'y'.repeat(5000), 'b'];
    for (const [i, word] of words.entries()) expect(put(table, word, 1)).toBe(i);
    for (const [i, word] of words.entries()) {
      expect(put(table, word, 1)).toBe(i);
      expect(textOf(table.bytes, ...table.rangeOf(i))).toBe(word);
    }
  });

  it('is as new after clear', () => {
    const table = new WordTable();
    for (let i = 0; i < 3000; i++) put(table, `before ${i}`, i);
    table.clear();
    expect(table.count).toBe(0);
    const bytes = toUtf8('before 7');
    expect(table.find(bytes, 0, bytes.length, 7)).toBe(-1);
    for (let i = 0; i < 3000; i++) expect(put(table, `after ${i}`, i)).toBe(i);
    expect(textOf(table.bytes, ...table.rangeOf(2999))).toBe('after 2999');
    // Again and again it takes no more memory.
    const lengths = Array.from({ length: 20 }, () => {
      table.clear();
      for (let i = 0; i < 3000; i++) put(table, `again ${i}`, i);
      return table.bytes.length;
    });
    expect(new Set(lengths).size).toBe(1);
  });
});
