import { expect, test } from 'vitest';
import { CheckpointError, DataError } from './errors';
import { parseJson, parseJsonObject } from './json';

const utf8 = (text: string) => new TextEncoder().encode(text);
const checkpointError = (message: string) => new CheckpointError('CHECKPOINT_INVALID', message);

test('JSON is read from bytes and from text, with or without a byte order mark', () => {
  for (const text of ['{"a": [1]}', '\uFEFF{"a": [1]}\r\n']) {
    expect(parseJson(text, 'x')).toEqual({ a: [1] });
    expect(parseJson(utf8(text), 'x')).toEqual({ a: [1] });
  }
});

test('what is not JSON or not UTF-8 is an error with the place', () => {
  expect(() => parseJson('{', 'a.jsonl:4')).toThrow(/^a\.jsonl:4: not JSON \(/);
  expect(() => parseJson(utf8(''), 'run.json')).toThrow(/^run\.json: not JSON \(/);
  expect(() => parseJson(Uint8Array.of(0x22, 0xe9, 0x22), 'run.json')).toThrow(/^run\.json:1: not UTF-8/);
  expect(() => parseJson('{', 'x')).toThrow(DataError);
  expect(() => parseJson('{', 'run.json', checkpointError)).toThrow(CheckpointError);
});

test.each(['[]', 'null', '"a"', '1', 'true'])('%s is no JSON object', text => {
  expect(() => parseJsonObject(text, 'run.json', checkpointError)).toThrow(
    /^run\.json: must be a JSON object/,
  );
});

test('a key named __proto__ is a key, and changes no other', () => {
  const value = parseJsonObject('{"__proto__": {"a": 1}}', 'x');
  expect(Object.hasOwn(value, '__proto__')).toBe(true);
  expect(Object.hasOwn(value, 'a') || 'a' in value).toBe(false);
});
