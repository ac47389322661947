import type { Tokenizer } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shared, TextReader } from './texts';

/** A token for each letter. */
const tokenizer: Tokenizer = {
  ...{ vocabSize: 128, special: { pad: 0, unk: 1, bos: 2, eos: 3 } },
  encode: text => Int32Array.from(text, letter => letter.charCodeAt(0)),
  decode: ids => String.fromCharCode(...Array.from(ids)),
};

const config = (maxTextLength: number) => ({ architecture: 'decoder-only', maxTextLength }) as never;
const reader = (fields: ConstructorParameters<typeof TextReader>[0], length = 12) =>
  new TextReader(fields, tokenizer, config(length));
const example = { id: 'a', text: 'red', fields: { premise: 'a fox' } };

test('two texts share the room: all of it is used, and the longer one loses first', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 40 }), (first, second, room) => {
      const [a, b] = shared(first, second, room);
      expect(a <= first && b <= second).toBe(true);
      expect(a + b).toBe(Math.min(room, first + second));
      // Whichever lost something is at least as long as the other, but for the odd one.
      if (a < first) expect(a).toBeGreaterThanOrEqual(b);
      if (b < second) expect(b).toBeGreaterThanOrEqual(a - 1);
    }),
  );
});

describe('a classifier reads', () => {
  test.each([
    { reads: 'text', want: 'red' },
    { reads: 'text', prefix: 'premise', want: 'a foxred', length: 5 },
    { prefix: 'premise', want: 'a fox', length: 5 },
    { want: '', length: 0 },
  ])('%j', ({ reads, prefix, want, length = 0 }) => {
    const { tokens, prefixLength, cut } = reader({ reads, prefix }).read(example);
    expect(tokenizer.decode(tokens.subarray(0, -1))).toBe(want);
    expect(tokens.at(-1)).toBe(tokenizer.special.eos);
    expect({ prefixLength, cut }).toEqual({ prefixLength: length, cut: 0 });
  });

  test('nothing of the prefix where a picture takes its place', () => {
    const { tokens, prefixLength } = reader({ reads: 'text', prefix: 'premise' }).read(example, true);
    expect(tokens).toHaveLength(4);
    expect(prefixLength).toBe(0);
  });

  test('as much as the model has room for, and says how much it left out', () => {
    const { tokens, prefixLength, cut } = reader({ reads: 'text', prefix: 'premise' }, 7).read(example);
    expect(tokenizer.decode(tokens.subarray(0, -1))).toBe('a fred');
    expect({ prefixLength, cut }).toEqual({ prefixLength: 3, cut: 2 });
  });

  test('no example that lacks a text', () => {
    const read = (fields: Record<string, string>) => () =>
      reader({ reads: 'text', prefix: 'premise' }).read({ ...example, fields });
    expect(read({})).toThrow('example "a" has no text in "premise"');
    expect(read({ premise: ' ' })).toThrow('example "a" has no text in "premise"');
  });
});
