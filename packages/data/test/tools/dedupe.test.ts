import { Random, type RgbImage, type Sample } from '@simvlm/core';
import { findNearDuplicates, type NearDuplicate } from '@simvlm/data/node';
import { resize } from '@simvlm/image';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashIndex } from '../../src/tools/dedupe/hash-index';
import {
  bitsOf,
  hashDistance,
  type PictureHash,
  perceptualHash,
} from '../../src/tools/dedupe/perceptual-hash';
import { missing, readerOf } from './fixture';

/** A smooth picture, as photographs are: a grid of 6 × 6 random colours, stretched. */
function drawn(seed: number, width = 96, height = 72): RgbImage {
  const random = Random.fromSeed(seed);
  const data = Uint8Array.from({ length: 6 * 6 * 3 }, () => random.integer(256));
  return resize({ width: 6, height: 6, data }, { width, height, filter: 'bicubic' });
}

const changed = (image: RgbImage, change: (byte: number, i: number) => number): RgbImage => ({
  ...image,
  data: Uint8Array.from(image.data, (byte, i) => Math.max(0, Math.min(255, Math.round(change(byte, i))))),
});

describe('the perceptual hash', () => {
  test('differs in few bits for a picture that was resized, made lighter or noisy; in many for another one', () => {
    for (let seed = 0; seed < 50; seed++) {
      const image = drawn(seed);
      const hash = perceptualHash(image);
      const noise = Random.fromSeed(seed);
      for (const other of [
        resize(image, { width: 48, height: 36 }),
        resize(image, { width: 130, height: 90, filter: 'bicubic' }),
        changed(image, byte => 0.9 * byte + 10),
        changed(image, byte => byte + noise.integer(9) - 4),
      ])
        expect(hashDistance(hash, perceptualHash(other))).toBeLessThanOrEqual(4);
      expect(hashDistance(hash, perceptualHash(drawn(seed + 1000)))).toBeGreaterThan(10);
    }
  });

  test('has half of its bits set, and one for a picture of one colour', () => {
    const ones = ([high, low]: PictureHash) => bitsOf(high) + bitsOf(low);
    expect(ones(perceptualHash(drawn(7)))).toBe(32);
    const grey = (value: number) => ({ width: 9, height: 5, data: new Uint8Array(9 * 5 * 3).fill(value) });
    expect(perceptualHash(grey(10))).toEqual(perceptualHash(grey(200)));
    expect(ones(perceptualHash(grey(200)))).toBe(1);
  });
});

test('the index finds the nearest of all, at any distance', () => {
  const word = fc.nat(2 ** 32 - 1);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 15 }),
      fc.array(fc.tuple(word, word), { maxLength: 20 }),
      fc.nat(),
      (distance, base, seed) => {
        const random = Random.fromSeed(seed);
        const index = new HashIndex(distance);
        const flip = ([high, low]: PictureHash): PictureHash => {
          const words: [number, number] = [high, low];
          for (let i = random.integer(20); i > 0; i--) words[random.integer(2)]! ^= 1 << random.integer(32);
          return [words[0] >>> 0, words[1] >>> 0];
        };
        const hashes: PictureHash[] = base.flatMap(hash => [hash, flip(hash), flip(hash)]);
        for (const [i, hash] of hashes.entries()) expect(index.add(hash)).toBe(i);
        for (const query of [...hashes.map(flip), ...hashes]) {
          const distances = hashes.map(hash => hashDistance(hash, query));
          const least = Math.min(...distances);
          expect(index.nearest(query)).toEqual(
            least > distance ? undefined : { number: distances.indexOf(least), distance: least },
          );
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('the index grows', () => {
  const index = new HashIndex(0);
  for (let i = 0; i < 3000; i++) index.add([i, ~i >>> 0]);
  for (const i of [0, 1023, 1024, 2999])
    expect(index.nearest([i, ~i >>> 0])).toEqual({ number: i, distance: 0 });
});

describe('near duplicates', () => {
  const sample = (key: string, pixels: RgbImage, path = key): Sample => ({
    key,
    images: [{ ...missing(path), pixels }],
    text: 'a',
  });
  const find = async (samples: readonly Sample[], against?: readonly Sample[]) => {
    const found: NearDuplicate[] = [];
    const report = await findNearDuplicates(readerOf(samples), {
      ...(against && { against: readerOf(against) }),
      onDuplicate: duplicate => found.push(duplicate),
    });
    return { found, ...report };
  };
  const smaller = (seed: number) => resize(drawn(seed), { width: 48, height: 36 });

  test('name the earlier sample, and the first of each kind stays', async () => {
    const { found, samples, repeatedKeys } = await find([
      sample('a', drawn(1)),
      sample('b', drawn(2)),
      sample('a small', smaller(1)),
      sample('b', drawn(2), 'another b'),
      sample('c', drawn(3)),
    ]);
    expect(samples).toBe(5);
    expect([...repeatedKeys]).toEqual(['b']);
    expect(found).toEqual([
      { key: 'a small', index: 2, of: 'a', distance: expect.any(Number) },
      { key: 'b', index: 3, of: 'b', distance: 0 },
    ]);
  });

  test('those of another set are told apart, and do not count among themselves', async () => {
    const { found, samples } = await find(
      [sample('a', drawn(1)), sample('x', drawn(9)), sample('x again', drawn(9))],
      [sample('test 1', smaller(1)), sample('test 1 again', smaller(1)), sample('test 2', drawn(2))],
    );
    expect(samples).toBe(3);
    expect(found).toEqual([
      { key: 'a', index: 0, of: 'test 1', distance: expect.any(Number), against: true },
      { key: 'x again', index: 2, of: 'x', distance: 0 },
    ]);
  });

  test('questions about one file are no duplicates of each other; all go where the file is one', async () => {
    const { found } = await find([
      sample('q1', drawn(1), 'a.jpg'),
      sample('q2', drawn(1), 'a.jpg'),
      sample('q3', smaller(1), 'copy.jpg'),
      sample('q4', smaller(1), 'copy.jpg'),
    ]);
    expect(found.map(({ key, of }) => [key, of])).toEqual([
      ['q3', 'q1'],
      ['q4', 'q1'],
    ]);
  });

  test('files of one name in several shards are told apart', async () => {
    const { found } = await find([
      sample('0', drawn(1), '0.jpg'),
      sample('1', drawn(2), '1.jpg'),
      sample('0', drawn(3), '0.jpg'),
      sample('1', smaller(3), '1.jpg'),
    ]);
    expect(found).toEqual([{ key: '1', index: 3, of: '0', distance: expect.any(Number) }]);
  });

  test('a picture that cannot be decoded is counted; a text alone is no duplicate', async () => {
    const { found, undecoded } = await find([
      { key: 'gone', images: [missing('gone.png')] },
      { key: 'text', images: [], text: 'a' },
      { key: 'text 2', images: [], text: 'a' },
    ]);
    expect(found).toEqual([]);
    expect(undecoded).toMatchObject({ count: 1, reasons: [expect.stringContaining('gone.png')] });
  });

  test('a distance that is none is refused', async () => {
    await expect(
      findNearDuplicates(readerOf([]), { distance: 16, onDuplicate: () => {} }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
