import { describe, expect, test } from 'vitest';
import { readCatalog } from '../src/catalog';
import { iconName } from '../src/icon-names';
import { ARTISTS, readPackageJson } from '../src/sources';

const { pictures, labels } = readCatalog();
const emojione = new Map(
  pictures.filter(({ artist }) => artist === 'emojione').map(picture => [picture.label.hexcode, picture]),
);

describe('matching pictures with labels', () => {
  test('no artist has two pictures of one emoji', () => {
    for (const { name } of ARTISTS) {
      const hexcodes = pictures.filter(({ artist }) => artist === name).map(({ label }) => label.hexcode);
      expect(hexcodes.length).toBeGreaterThan(1700);
      expect(new Set(hexcodes).size).toBe(hexcodes.length);
    }
  });

  test('labels and hexcodes name each other', () => {
    expect(new Set(labels.map(({ label }) => label)).size).toBe(labels.length);
    expect(new Set(labels.map(({ hexcode }) => hexcode)).size).toBe(labels.length);
  });

  test.each([
    ['1f436', 'dog face', 'dog-face'],
    ['1f355', 'pizza', 'pizza'],
    ['1f1eb-1f1f7', 'flag: France', 'flag-for-france'],
    ['1f1f9-1f1f7', 'flag: Türkiye', 'flag-for-turkey'],
    ['1f916', 'robot', 'robot-face'],
    ['1f639', 'cat with tears of joy', 'cat-face-with-tears-of-joy'],
    ['1f3af', 'bullseye', 'direct-hit'],
    ['1f44d-1f3ff', 'thumbs up: dark skin tone', 'thumbs-up-dark-skin-tone'],
    ['1f469-200d-1f469-200d-1f466', 'family: woman, woman, boy', 'family-woman-woman-boy'],
  ])('EmojiOne, which lists no hexcodes: %s "%s" is drawn by "%s"', (hexcode, label, name) => {
    const { icons } = readPackageJson<{ icons: Record<string, { body: string }> }>(
      '@iconify-json/emojione',
      'icons.json',
    );
    expect(emojione.get(hexcode)?.label.label).toBe(label);
    expect(emojione.get(hexcode)?.svg()).toContain(icons[name]?.body ?? 'no such icon');
  });

  test('a gun is not shown as what CLDR calls a water pistol', () => {
    expect(emojione.has('1f52b')).toBe(false);
  });

  test('a label is written as icon sets write it', () => {
    expect(iconName("flag: Côte d'Ivoire")).toBe('flag-cote-divoire');
    expect(iconName('thumbs up: medium-light skin tone')).toBe('thumbs-up-medium-light-skin-tone');
  });
});
