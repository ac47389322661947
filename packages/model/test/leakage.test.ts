import type { PrefixLmBatch } from '@simvlm/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimVlm } from '../src/index';
import {
  architectures,
  backends,
  firstPredicted,
  largestDifference,
  livelyModel,
  realLogits,
  tinyBatch,
  useBackend,
} from './tiny';

/** Two rows of text with prefixes, and in the first of them a place and another token for it. */
const cases = fc
  .record({
    texts: fc.tuple(words(2, 8), words(1, 8)),
    cuts: fc.tuple(fc.nat(100), fc.nat(100)),
    place: fc.nat(100),
    shift: fc.integer({ min: 1, max: 14 }),
  })
  .map(({ texts, cuts, place, shift }) => {
    const rows = texts.map((text, b) => ({ text, prefix: cuts[b]! % (text.length + 1) }));
    return { rows, prefix: rows[0]!.prefix, place: place % texts[0].length, shift };
  });

function words(minLength: number, maxLength: number) {
  return fc.array(fc.integer({ min: 4, max: 18 }), { minLength, maxLength });
}

function withToken(batch: PrefixLmBatch, place: number, shift: number): PrefixLmBatch {
  const tokens = batch.tokens.slice();
  tokens[place] = 4 + ((tokens[place]! - 4 + shift) % 15);
  return { ...batch, tokens };
}

/** For each place of row 0 the token it predicts, and how far its logits moved. */
function movements(model: SimVlm, before: PrefixLmBatch, after: PrefixLmBatch, row = 0) {
  const [a, b] = [realLogits(model, before)[row]!, realLogits(model, after)[row]!];
  const first = firstPredicted(model, before, row);
  return a.map((logits, i) => ({ predicts: first + i, moved: largestDifference(logits, b[i]!) }));
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  describe.each(architectures)('%s', architecture => {
    const check = (property: (model: SimVlm, sample: ReturnType<typeof read>) => void) => {
      const model = livelyModel({ architecture });
      fc.assert(
        fc.property(cases, sample => property(model, read(sample))),
        { numRuns: 30, seed: 5 },
      );
      model.dispose();
    };
    const read = ({
      rows,
      prefix,
      place,
      shift,
    }: typeof cases extends fc.Arbitrary<infer T> ? T : never) => ({
      batch: tinyBatch(rows),
      prefix,
      place,
      shift,
    });

    test('a token behind the prefix changes what is predicted after it, never what is predicted up to it', () => {
      check((model, { batch, prefix, place, shift }) => {
        fc.pre(place >= prefix);
        for (const { predicts, moved } of movements(model, batch, withToken(batch, place, shift))) {
          if (predicts <= place) expect(moved).toBe(0);
          if (predicts === place + 1) expect(moved).toBeGreaterThan(0);
        }
      });
    });

    test('all tokens from a place on may change, and nothing predicted up to it does', () => {
      check((model, { batch, prefix, place, shift }) => {
        fc.pre(place >= prefix);
        let changed = batch;
        for (let t = place; t < batch.textLengths[0]!; t++) changed = withToken(changed, t, shift);
        for (const { predicts, moved } of movements(model, batch, changed))
          if (predicts <= place) expect(moved).toBe(0);
      });
    });

    test('a token of the prefix changes every prediction', () => {
      check((model, { batch, prefix, place, shift }) => {
        fc.pre(place < prefix);
        for (const { moved } of movements(model, batch, withToken(batch, place, shift)))
          expect(moved).toBeGreaterThan(0);
      });
    });

    test('the image changes every prediction of its own row, and none of another', () => {
      check((model, { batch }) => {
        const pixels = batch.images!.pixels.slice();
        pixels[17]! ^= 64;
        const changed = { ...batch, images: { ...batch.images!, pixels } };
        for (const { moved } of movements(model, batch, changed)) expect(moved).toBeGreaterThan(0);
        for (const { moved } of movements(model, batch, changed, 1)) expect(moved).toBe(0);
      });
    });
  });
});
