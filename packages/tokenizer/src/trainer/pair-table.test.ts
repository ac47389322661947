import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairTable } from './pair-table';

describe('PairTable', () => {
  it('numbers 20,000 pairs as they come, and finds every one again', () => {
    const table = new PairTable();
    // Neighbours in either half, and great numbers: what a poor hash would put in one place.
    const pairs = [
      ...Array.from({ length: 5000 }, (_, i) => [1, i + 1] as const),
      ...Array.from({ length: 5000 }, (_, i) => [i + 2, 1] as const),
      ...Array.from({ length: 5000 }, (_, i) => [i + 2, i + 2] as const),
      ...Array.from({ length: 5000 }, (_, i) => [2 ** 26 - 1 - i, i * 4096] as const),
    ];
    const numbers = pairs.map(([left, right]) => table.number(left, right));
    expect(numbers.filter((number, i) => number !== i)).toEqual([]);
    for (const i of numbers) table.frequencies[i] = i + 0.5;
    const again = pairs.map(([left, right]) => table.number(left, right));
    expect(again.filter((number, i) => number !== i)).toEqual([]);
    expect(table.count).toBe(pairs.length);
    expect(numbers.filter(i => table.lefts[i] !== pairs[i]![0] || table.rights[i] !== pairs[i]![1])).toEqual(
      [],
    );
    expect(numbers.filter(i => table.frequencies[i] !== i + 0.5)).toEqual([]);
  });

  it('keeps what was noted of a pair while it grows', () => {
    const table = new PairTable();
    for (let i = 0; i < 5000; i++) {
      const pair = table.number(i, i + 1);
      table.frequencies[pair]! += i + 0.5;
      table.addPlace(pair, i * 3);
    }
    const kept = Array.from({ length: 5000 }, (_, i) => [table.frequencies[i], ...table.places(i)]);
    expect(kept).toEqual(kept.map((_, i) => [i + 0.5, i * 3]));
  });

  it('tells left from right, and counts nothing before it is told', () => {
    const table = new PairTable();
    expect([table.number(3, 5), table.number(5, 3), table.number(3, 5)]).toEqual([0, 1, 0]);
    expect([...table.frequencies.subarray(0, 2)]).toEqual([0, 0]);
    expect([...table.places(1)]).toEqual([]);
  });

  it('is a map from pairs to numbers', () => {
    // Symbols beyond any vocabulary, alike in their lower or upper bits.
    const symbol = fc.oneof(
      fc.nat(3),
      fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 24 })).map(([n, bit]) => n * 2 ** bit),
      fc.nat(2 ** 26 - 1),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(symbol, symbol), { maxLength: 300, size: 'max' }), pairs => {
        const table = new PairTable();
        const numbers = new Map<string, number>();
        for (const [left, right] of pairs) {
          const key = `${left} ${right}`;
          if (!numbers.has(key)) numbers.set(key, numbers.size);
          expect(table.number(left, right)).toBe(numbers.get(key));
        }
      }),
    );
  });

  it('gives the places of each of many pairs, in order, each once', () => {
    const table = new PairTable();
    const random = Random.fromSeed(7);
    const expected = new Map<number, Set<number>>();
    for (let i = 0; i < 20_000; i++) {
      const pair = table.number(random.integer(40), random.integer(40));
      const place = random.integer(5000);
      table.addPlace(pair, place);
      expected.set(pair, (expected.get(pair) ?? new Set()).add(place));
    }
    for (const [pair, places] of expected)
      expect([...table.places(pair)]).toEqual([...places].sort((a, b) => a - b));
  });
});
