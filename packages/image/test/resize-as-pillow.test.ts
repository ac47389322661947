import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Filter, type Fit, resize, squareImage } from '../src/index';

interface Case {
  readonly size: readonly [number, number];
  readonly to: readonly [number, number];
  readonly filter: Filter;
  readonly seed: number;
  readonly hard: boolean;
  readonly sha256: string;
}

interface FitCase extends Pick<Case, 'size' | 'filter' | 'seed' | 'sha256'> {
  readonly fit: Fit;
}

const { pillow, cases, fits } = JSON.parse(
  readFileSync(new URL('fixtures/pillow/resize.json', import.meta.url), 'utf8'),
) as { pillow: string; cases: Case[]; fits: FitCase[] };

/** As `write.py` makes it: noise, or black and white alone, where the cubic leaves the range of a byte. */
function picture(width: number, height: number, seed: number, hard: boolean) {
  let state = seed;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const byte = state >>> 24;
    return hard ? (byte >= 128 ? 255 : 0) : byte;
  });
  return { width, height, data };
}

test.each(cases)(
  `$size to $to, $filter, hard $hard: the bytes of Pillow ${pillow}`,
  ({ size: [width, height], to, filter, seed, hard, sha256 }) => {
    const resized = resize(picture(width, height, seed, hard), { width: to[0], height: to[1], filter });
    expect(hash(resized.data)).toBe(sha256);
  },
);

test.each(fits)(
  '$size made square by $fit, $filter: the bytes of the same steps in Pillow',
  ({ size: [width, height], fit, filter, seed, sha256 }) => {
    const made = squareImage(picture(width, height, seed, false), {
      size: 48,
      fit,
      filter,
      fill: [10, 20, 30],
    });
    expect([made.width, made.height]).toEqual([48, 48]);
    expect(hash(made.data)).toBe(sha256);
  },
);

function hash(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
