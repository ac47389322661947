import { Random } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { balanced } from '../src/tasks/balance';
import { mainColour } from '../src/tasks/colours';
import { withGaps } from '../src/tasks/translation';
import { parseNouns } from '../src/tasks/wordnet';

const random = Random.fromSeed(1);

/** A picture out of runs of pixels. */
function picture(...runs: readonly (readonly [count: number, ...colour: number[]])[]) {
  const data = runs.flatMap(([count, ...colour]) => Array.from({ length: count }, () => colour).flat());
  return { width: data.length / 3, height: 1, data: Uint8Array.from(data) };
}

describe('the main colour', () => {
  test.each([
    ['red', [200, 30, 40]],
    ['orange', [240, 140, 20]],
    ['yellow', [250, 210, 60]],
    ['green', [60, 150, 60]],
    ['blue', [40, 90, 220]],
    ['purple', [130, 70, 190]],
    ['pink', [240, 110, 180]],
    ['brown', [120, 75, 40]],
    ['black', [20, 20, 20]],
    ['grey', [130, 130, 135]],
  ])('%s', (name, colour) => {
    expect(mainColour(picture([10, ...colour]))).toBe(name);
  });

  test('is that of three fifths of what is drawn on white', () => {
    const [red, blue, white] = [
      [200, 30, 40],
      [40, 90, 220],
      [255, 255, 255],
    ];
    expect(mainColour(picture([6, ...red!], [4, ...blue!], [20, ...white!]))).toBe('red');
    expect(mainColour(picture([5, ...red!], [5, ...blue!]))).toBeUndefined();
    expect(mainColour(picture([1, ...red!], [30, ...white!]))).toBeUndefined();
  });
});

describe('groups', () => {
  const groups = new Map([
    ['a', [1, 2, 3, 4, 5]],
    ['b', [6, 7]],
  ]);

  test('give as many as the smallest has, each once', () => {
    const drawn = balanced(groups, random);
    expect(drawn.map(([key]) => key)).toEqual(['a', 'a', 'b', 'b']);
    expect(new Set(drawn.map(([, member]) => member)).size).toBe(4);
    expect(balanced(groups, random, 1)).toHaveLength(2);
  });

  test('give nothing where one is empty', () => {
    expect(balanced(new Map([...groups, ['c', []]]), random)).toEqual([]);
  });
});

describe('gaps', () => {
  test.each([
    ['red apple', 'en', 0, 'red apple'],
    ['red apple', 'en', 0.5, 'red […]'],
    ['grinning face with big eyes', 'en', 1, '[…] big […]'],
    ['笑脸', 'zh', 1, '[…]'],
    ['OK', 'en', 1, 'OK'],
  ])('of %s (%s), %d of the words', (text, language, share, expected) => {
    expect(withGaps(text, language, share, random)).toBe(expected);
  });
});

test('nouns know what is above them, and which meaning comes first', () => {
  const data = [
    '  1 licence',
    '00000001 03 n 01 entity 0 000 | that which is; "an entity"',
    '00000002 05 n 02 animal 0 living_beast 0 001 @ 00000001 n 0000 | a living thing',
    '00000003 05 n 01 seal 0 002 @ 00000002 n 0000 ~ 00000009 n 0000 | it swims',
    '00000004 06 n 01 seal 1 001 @i 00000001 n 0000 | it closes',
  ].join('\n');
  const index = [
    '  1 licence',
    'seal n 2 2 @ ~ 2 0 00000003 00000004  ',
    'living_beast n 1 1 @ 1 0 00000002  ',
  ].join('\n');
  const nouns = parseNouns(data, index);
  expect(nouns.senses('seal')).toEqual(['00000003', '00000004']);
  expect(nouns.senses('living beast')).toEqual(['00000002']);
  expect(nouns.senses('whale')).toEqual([]);
  expect([...nouns.above('00000003')]).toEqual(['00000002', '00000001']);
  expect([...nouns.above('00000004')]).toEqual(['00000001']);
  expect(nouns.synsets.get('00000001')).toMatchObject({ gloss: 'that which is', category: 3 });
  expect(nouns.synsets.get('00000002')!.words).toEqual(['animal', 'living beast']);
});
