import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonPrefixes, suffixArray } from './suffix-array';

/** By what it says: sorts the places by their first `depth` symbols, where a text that ends comes first. */
function naiveOrder(text: Int32Array, depth: number): number[] {
  const compare = (a: number, b: number) => {
    for (let i = 0; i < depth; i++) {
      const [left, right] = [text[a + i] ?? -1, text[b + i] ?? -1];
      if (left !== right) return left - right;
    }
    return a - b;
  };
  return Array.from(text.keys()).sort(compare);
}

// Few different symbols, and blocks that come again, so that much is alike for long.
const block = fc.array(fc.nat(3), { maxLength: 6 });
const text = fc
  .oneof(
    fc.array(fc.nat(3), { maxLength: 60, size: 'max' }),
    fc.array(fc.nat(200), { maxLength: 60, size: 'max' }),
    fc
      .tuple(block, block, fc.array(fc.boolean(), { maxLength: 12, size: 'max' }))
      .map(([a, b, which]) => which.flatMap(first => (first ? a : b))),
  )
  .map(symbols => Int32Array.from(symbols));

describe('suffixArray', () => {
  it('is the order that sorting by so many symbols gives, equal ones as they stand in the text', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(1, 2, 4, 8, 16, 64), (symbols, depth) => {
        expect([...suffixArray(symbols, 201, depth)]).toEqual(naiveOrder(symbols, depth));
      }),
      { numRuns: 300 },
    );
  });

  it('has every place once and is sorted by so many symbols at least, whatever their number', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 64 }), (symbols, depth) => {
        const order = suffixArray(symbols, 201, depth);
        expect(order.toSorted()).toEqual(Int32Array.from(symbols.keys()));
        const position = new Map(Array.from(order, (place, i) => [place, i]));
        const naive = naiveOrder(symbols, depth);
        const key = (place: number) => symbols.slice(place, place + depth).join();
        for (let i = 1; i < naive.length; i++)
          if (key(naive[i - 1]!) !== key(naive[i]!))
            expect(position.get(naive[i - 1]!)!).toBeLessThan(position.get(naive[i]!)!);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['nothing', []],
    ['one symbol', [5]],
    ['one symbol again and again', Array<number>(300).fill(1)],
    ['a period', Array.from({ length: 300 }, (_, i) => i % 7)],
    ['a Fibonacci word', [...fibonacci(13)].map(Number)],
    ['more symbols than places', Array.from({ length: 200 }, (_, i) => (i * 7919) % 5003)],
  ])('is right for %s', (_, symbols) => {
    const places = Int32Array.from(symbols);
    for (const depth of [1, 16, 64, 512])
      expect([...suffixArray(places, 5003, depth)]).toEqual(naiveOrder(places, depth));
  });
});

describe('commonPrefixes', () => {
  it('counts what neighbours share, up to a limit, and never past a 0', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 64 }), (symbols, most) => {
        const order = suffixArray(symbols, 201, most);
        // A 0 is another one each time that it is read.
        const after = (place: number) =>
          Array.from(symbols.subarray(place, place + most), (s, i) => (s > 0 ? s : `${place} ${i}`));
        const expected = Array.from(order, (place, i) => {
          if (i === 0) return 0;
          const [a, b] = [after(order[i - 1]!), after(place)];
          const different = a.findIndex((symbol, k) => symbol !== b[k]);
          return different < 0 ? a.length : different;
        });
        expect([...commonPrefixes(symbols, order, most)]).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('is an example', () => {
    //       place  0  1  2  3  4  5  6  7
    const places = Int32Array.of(2, 1, 2, 1, 0, 2, 1, 0);
    const order = suffixArray(places, 3, 4);
    expect([...order]).toEqual([7, 4, 6, 3, 1, 5, 2, 0]);
    expect([...commonPrefixes(places, order, 4)]).toEqual([0, 0, 0, 1, 1, 0, 2, 2]);
    expect([...commonPrefixes(places, order, 1)]).toEqual([0, 0, 0, 1, 1, 0, 1, 1]);
  });
});

function fibonacci(n: number): string {
  return n < 2 ? String(n + 1) : fibonacci(n - 1) + fibonacci(n - 2);
}
