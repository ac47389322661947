import { describe, expect, test } from 'vitest';
import { readCatalog } from '../src/catalog';
import { iconName } from '../src/icon-names';
import { ARTISTS, readPackageJson } from '../src/sources';

const { pictures, labels } = readCatalog();
const all = readCatalog(true).pictures;
const emojione = new Map(
  pictures.filter(({ artist }) => artist === 'emojione').map(picture => [picture.label.hexcode, picture]),
);

describe('matching pictures with labels', () => {
  test('no artist has two pictures of one emoji', () => {
    for (const { name, use } of ARTISTS) {
      const hexcodes = all.filter(({ artist }) => artist === name).map(({ label }) => label.hexcode);
      expect(hexcodes.length).toBeGreaterThan(use === 'further' ? 500 : 1700);
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

  test.each([
    ['fxemoji', '1f4a9', 'pile of poo', 'poo'],
    ['fxemoji', '1f408', 'cat', 'catside'],
    ['fxemoji', '1f431', 'cat face', 'cat'],
    ['fxemoji', '1f302', 'closed umbrella', 'umbrella'],
    ['streamline', '1f525', 'fire', 'fire'],
    ['streamline', '1f3af', 'bullseye', 'direct-hit'],
    ['streamline', '1f44d', 'thumbs up', 'thumbs-up-1'],
    ['streamline', '1f46a', undefined, undefined],
    ['fluent-emoji', '1f44d-1f3ff', 'thumbs up: dark skin tone', 'thumbs-up-dark'],
  ])('%s, which lists no hexcodes either: %s "%s" is drawn by "%s"', (artist, hexcode, label, name) => {
    const { packageName } = ARTISTS.find(one => one.name === artist)!;
    const { icons } = readPackageJson<{ icons: Record<string, { body: string }> }>(packageName, 'icons.json');
    const found = all.find(picture => picture.artist === artist && picture.label.hexcode === hexcode);
    expect(found?.label.label).toBe(label);
    if (name !== undefined) expect(found?.svg()).toContain(icons[name]?.body ?? 'no such icon');
  });

  test('a gun is not shown as what CLDR calls a water pistol', () => {
    expect(emojione.has('1f52b')).toBe(false);
  });

  test('a label is written as icon sets write it', () => {
    expect(iconName("flag: Côte d'Ivoire")).toBe('flag-cote-divoire');
    expect(iconName('thumbs up: medium-light skin tone')).toBe('thumbs-up-medium-light-skin-tone');
  });
});
