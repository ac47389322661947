import { Random } from '@simvlm/core';
import { expect, it } from 'vitest';
import { DistinctParts } from './distinct-parts';

it('tells parts that are there from parts that are not, as a set of strings does', () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = Random.fromSeed(seed);
    // Few letters, so that many parts are alike, and enough parts that the table grows several times.
    const buffer = Uint8Array.from({ length: 50_000 }, () => random.integer(2 + (seed % 3)));
    const parts = new DistinctParts(buffer);
    const known = new Set<string>();
    for (let i = 0; i < 10_000; i++) {
      const begin = random.integer(buffer.length - 20);
      const end = begin + 1 + random.integer(20);
      const text = buffer.subarray(begin, end).join();
      expect(parts.add(begin, end)).toBe(!known.has(text));
      known.add(text);
    }
    expect(parts.count).toBe(known.size);
  }
});
