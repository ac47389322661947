import { expect, test } from 'vitest';
import { float, literalText, parseLiteral } from './json-text';

const parse = (text: string) => parseLiteral(text, 'config.json', message => new Error(message));

test('numbers stay as they were written, and what is changed is changed', () => {
  const text =
    '{\n  "dropout": 0.0,\n  "eps": 1e-05,\n  "size": 224,\n  "name": "v1.0 \\"2.0\\"",\n  "inner": {\n    "scale": -1.50\n  }\n}\n';
  const value = parse(text);
  expect(literalText(value)).toBe(text);
  expect(literalText({ ...value, size: 384 })).toBe(text.replace('224', '384'));
});

test('a number of ours is a float where it has to be', () => {
  expect(literalText({ mean: [float(0), float(0.5)] }).replace(/\s/g, '')).toBe('{"mean":[0.0,0.5]}');
});

test('what is no JSON object is refused', () => {
  expect(() => parse('[1.5]')).toThrow('config.json: must be a JSON object');
});
