import { expect, test } from 'vitest';
import { captionOf, captionsOf, unstyled } from '../src/captions';

const styles = {
  prefixes: { outline: 'Outline' },
  suffixes: { '': 'Regular', '16-filled': '16', bold: 'Bold' },
};

test.each([
  ['heart-bold', 'heart'],
  ['heart-16-filled', 'heart'],
  ['outline-heart', 'heart'],
  ['heart-outline-24px', 'heart'],
  ['heart-duotone', 'heart'],
  ['traffic-light', 'traffic-light'],
  ['outline', 'outline'],
  ['bold', 'bold'],
])('%s is an icon of %s', (name, stem) => {
  expect(unstyled(name, styles)).toBe(stem);
});

test.each([
  ['arrow-down-circle', 'arrow down circle'],
  ['heart-2', 'heart'],
  ['layers2', 'layers'],
  ['mp3', 'mp3'],
  ['24-hours', '24 hours'],
  ['FoodDrink', 'food drink'],
  ['Light house', 'light house'],
  ['24', ''],
  ['a', ''],
])('%s reads "%s"', (name, caption) => {
  expect(captionOf(name)).toBe(caption);
});

test('an icon has its name, two other names and its category', () => {
  expect(captionsOf('wave', ['billow', 'wave-2', 'surf', 'swell'], 'Sea & Sun')).toEqual([
    ...['wave', 'billow', 'surf', 'wave, sea sun'],
  ]);
  expect(captionsOf('wave', [], 'Wave')).toEqual(['wave']);
  expect(captionsOf('7', ['seven'], 'Numbers')).toEqual([]);
});
