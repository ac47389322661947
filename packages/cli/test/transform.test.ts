import { Random, type RgbImage } from '@simvlm/core';
import { expect, test } from 'vitest';
import { canMirror } from '../src/pipeline/mirror';
import { augmentations, transformer } from '../src/pipeline/transform';

const picture: RgbImage = {
  width: 40,
  height: 30,
  data: Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 7919) % 251),
};

test.each(augmentations)('%s makes squares of the side asked for, alike from like draws', kind => {
  const transform = transformer(kind, 16);
  for (let seed = 0; seed < 5; seed++) {
    const made = transform(picture, Random.fromSeed(seed), 'cat');
    expect([made.width, made.height, made.data.length]).toEqual([16, 16, 768]);
    expect(transform(picture, Random.fromSeed(seed), 'cat')).toEqual(made);
  }
});

test('what has a direction is never mirrored, everything else half of the time', () => {
  const transform = transformer('drawing-strong', 16);
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
