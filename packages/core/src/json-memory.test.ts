import { expect, test } from 'vitest';
import { CheckpointError } from './errors';
import { parseJson, parseJsonObject } from './json';
import { outgrowsItsText } from './json-memory';

const MANY = 4_000_000;
const list = (value: string) => `[${`${value},`.repeat(MANY)}${value}]`;

test.each([
  ['empty objects', list('{}')],
  ['empty lists', list('[]')],
  ['lists in lists', `[${'[[]],'.repeat(MANY)}[]]`],
  ['values with short keys', `{${'"abcd":0,'.repeat(MANY)}"ab":0}`],
  ['nested lists', '['.repeat(MANY)],
  ['short fractions', list('1.5')],
])('a text of %s is refused before it is parsed', (_, text) => {
  expect(outgrowsItsText(text)).toBe(true);
  const makeError = (message: string) => new CheckpointError('CHECKPOINT_INVALID', message);
  expect(() => parseJson(text, 'model.json', makeError)).toThrow(
    `model.json: its ${text.length} characters would take more than ten times as many bytes of memory`,
  );
});

test('a small text may be made of anything', () => {
  expect(parseJson('[{},{},[],[[]]]', 'x')).toEqual([{}, {}, [], [[]]]);
  expect(parseJson(`[${'{},'.repeat(100_000)}{}]`, 'x')).toHaveLength(100_001);
});

test.each([
  ['a vocabulary of unigram pieces', `[${'["▁ab",-9.25],'.repeat(400_000)}0]`],
  [
    'a vocabulary of BPE pieces',
    `{"a":0${Array.from({ length: 400_000 }, (_, i) => `,"${i}p":${i}`).join('')}}`,
  ],
  ['merges as pairs', `[${'["ab","c"],'.repeat(600_000)}0]`],
  ['merges as texts', `[${'"a b",'.repeat(600_000)}0]`],
  ['numbers', `[${'7,'.repeat(2_000_000)}0]`],
  ['brackets in a string', JSON.stringify('{[:,"\\'.repeat(1_000_000))],
])('%s, written as short as can be, is read', (_, text) => {
  expect(outgrowsItsText(text)).toBe(false);
  expect(() => parseJson(text, 'x')).not.toThrow();
});

test('what is no JSON is refused as such, however it is cut off', () => {
  for (const text of ['"', '"\\', '{"a', '', ','.repeat(100)])
    expect(() => parseJsonObject(text, 'run.json')).toThrow(/^run\.json: not JSON/);
});
