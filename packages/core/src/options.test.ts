import { describe, expect, test } from 'vitest';
import { didYouMean } from './nearest';
import { checkOptions, OptionError, rule } from './options';

const rules = { width: rule.integer(1, 4096), learningRate: rule.number(0), mode: rule.oneOf('a', 'b') };
const check = (options: unknown) => () => checkOptions('model config', options as object, rules);

describe('keys that come from files', () => {
  test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', '__defineGetter__'])(
    '%s, which every object has, is an unknown key like any other',
    key => {
      expect(check(JSON.parse(`{ "${key}": { "x": 1 } }`))).toThrow(`model config: unknown key "${key}"`);
    },
  );

  test.each([
    [{ widht: 1 }, 'did you mean "width"?'],
    [{ learningrate: 1 }, 'did you mean "learningRate"?'],
  ])('%j is a slip of an allowed one', (options, message) => {
    expect(check(options)).toThrow(message);
  });

  test('a key that is like none gets no suggestion', () => {
    expect(check({ colour: 1 })).toThrow(/allowed: width, learningRate, mode$/);
  });
});

test.each([
  [null, 'null'],
  [[1], '[1]'],
  ['text', '"text"'],
  [5, '5'],
])('%j in the place of options is an error, not a TypeError', (options, got) => {
  expect(check(options)).toThrow(`model config: must be an object, got ${got}`);
});

test.each([
  [{ width: Number.NaN }, 'got NaN'],
  [{ learningRate: JSON.parse('1e400') }, '"learningRate" must be a number ≥ 0, got Infinity'],
  [{ width: 10n }, 'got 10'],
  [{ width: { inner: 10n } }, 'got an object that is no JSON'],
  [{ width: 'x'.repeat(1e6) }, `got "${'x'.repeat(99)}…`],
])('a value is shown as it is, and not endlessly', (options, got) => {
  expect(check(options)).toThrow(got);
  expect(check(options)).toThrow(/^.{1,300}$/);
});

test('a wrong value says which key and what is wrong, for programs', () => {
  try {
    check({ width: 0 })();
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ key: 'width', problem: 'must be an integer from 1 to 4096, got 0' });
  }
});

test.each([
  ['adma', ['adam', 'sgd'], 'adam'],
  ['Prefix-LM', ['captioning', 'prefix-lm'], 'prefix-lm'],
  ['plan', ['patcher'], undefined],
  ['x', [], undefined],
])('%s among %j', (word, candidates, expected) => {
  expect(didYouMean(word, candidates)).toBe(expected === undefined ? '' : `; did you mean "${expected}"?`);
});
