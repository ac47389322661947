import { maskPictures } from '@simvlm/conformance';
import { describe, expect, test } from 'vitest';
import { maskPicture, visible } from './mask';

// The pictures are drawn by hand; that the operation attends to just what they show, on every backend, is tested by the
// conformance suite (test/attention.test.ts for the references).

describe.each(maskPictures)('the mask of $use', ({ picture, ...row }) => {
  test('is the picture, place by place', () => {
    picture.forEach((line, query) => {
      [...line].forEach((sign, key) => {
        expect(visible(query, key, row), `query ${query}, key ${key}`).toBe(sign === '#');
      });
    });
  });

  test('is drawn as the picture', () => {
    const drawn = maskPicture(picture.length, picture[0]!.length, row);
    expect(drawn.map(line => line.replaceAll('■', '#').replaceAll('·', '.'))).toEqual(picture);
  });
});

test('the pictures cover the six uses', () => {
  expect(maskPictures.map(({ use }) => use)).toEqual([
    'encoder',
    'decoder',
    'cross-attention',
    'decoder-only',
    'cached decoding',
    'cached decoding, decoder-only',
  ]);
});

describe('the mask', () => {
  test('lets a row of length 0 see nothing', () => {
    expect(maskPicture(2, 3, { keyLength: 0, prefixLength: 0 })).toEqual(['···', '···']);
  });

  test('hides padding even from its prefix: the key length wins', () => {
    expect(maskPicture(1, 4, { keyLength: 2, prefixLength: 4 })).toEqual(['■■··']);
  });

  test('draws a step of cached decoding as the last row of the whole', () => {
    for (const prefixLength of [0, 3]) {
      const whole = maskPicture(7, 7, { keyLength: 7, prefixLength });
      for (let i = 3; i < 7; i++) {
        const step = maskPicture(1, 7, { keyLength: i + 1, prefixLength, offset: i });
        expect(step, `step ${i}`).toEqual([whole[i]]);
      }
    }
  });

  test('never shows a prefix what it is to predict', () => {
    const picture = maskPicture(6, 6, { keyLength: 6, prefixLength: 3 });
    for (const line of picture.slice(0, 3)) expect(line.slice(3)).toBe('···');
  });
});
