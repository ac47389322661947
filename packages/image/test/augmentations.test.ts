import { createHash } from 'node:crypto';
import { ConfigError, Random, type RgbImage } from '@simvlm/core';
import { expect, test } from 'vitest';
import { type Augmentation, augmentations, canMirror, imageTransform } from '../src/index';

const picture: RgbImage = {
  width: 40,
  height: 30,
  data: Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 7919) % 251),
};

test.each(augmentations)('%s makes squares of the side asked for, alike from like draws', kind => {
  const transform = imageTransform(kind, 16);
  for (let seed = 0; seed < 5; seed++) {
    const made = transform(picture, Random.fromSeed(seed), 'cat');
    expect([made.width, made.height, made.data.length]).toEqual([16, 16, 768]);
    expect(transform(picture, Random.fromSeed(seed), 'cat')).toEqual(made);
  }
});

// A checkpoint is resumed with the pictures that it would have seen without the interruption, by this version or an earlier one.
test.each([
  ['none', '01724cebc2e11e8b'],
  ['crop', '43c186eaaa759846'],
  ['drawing', 'ecf79906c2c3a4ed'],
  ['drawing-strong', 'a65b17a608a0734d'],
  ['drawing-restyled', '29180bf47b493302'],
] as const)('%s makes the same pictures of a seed as ever', (kind, digest) => {
  const hash = createHash('sha256');
  for (let seed = 0; seed < 20; seed++)
    hash.update(imageTransform(kind, 16)(picture, Random.fromSeed(seed), 'cat').data);
  expect(hash.digest('hex').slice(0, 16)).toBe(digest);
});

test('a name that there is not is refused, beside those that there are', () => {
  const make = () => imageTransform('blur' as Augmentation, 16);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(
    'no augmentation "blur"; there are none, crop, drawing, drawing-strong, drawing-restyled',
  );
});

test('what has a direction is never mirrored, everything else half of the time', () => {
  const transform = imageTransform('drawing-strong', 16);
  let mirrored = 0;
  for (let seed = 0; seed < 200; seed++) {
    // From the same draws, nothing but the mirror tells the two apart.
    const cat = transform(picture, Random.fromSeed(seed), 'cat');
    const arrow = transform(picture, Random.fromSeed(seed), 'left arrow');
    if (cat.data.join() !== arrow.data.join()) mirrored++;
  }
  expect(mirrored).toBeGreaterThan(70);
  expect(mirrored).toBeLessThan(130);
});

test.each([
  'left arrow',
  'backhand index pointing right',
  'three o’clock',
  'nine-thirty',
  'first quarter moon',
  'B button (blood type)',
  'flag: France',
  'magnifying glass tilted left',
  'person running facing right',
  'chart increasing',
])('"%s" is not mirrored', caption => expect(canMirror(caption)).toBe(false));

test.each(['cat', 'red heart', 'pizza', 'snowman', 'sun with face'])('"%s" may be', caption =>
  expect(canMirror(caption)).toBe(true),
);
