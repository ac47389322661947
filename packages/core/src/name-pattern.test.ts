import { expect, test } from 'vitest';
import { namePattern } from './name-pattern';

test.each([
  ['patcher.*', 'patcher.out.weight', true],
  ['encoder.*.query', 'encoder.0.self.query', true],
  ['encoder.*.query', 'encoder.0.self.query.weight', false],
  ['*.query', 'query', false],
  ['*', 'a.b', true],
  ['a.b', 'a.b', true],
  ['a.b', 'axb', false],
  ['a?b', 'ab', false],
  ['a[bc]+(d)', 'a[bc]+(d)', true],
  ['a', 'aa', false],
])('the pattern %j and the name %j: %j', (pattern, name, matches) => {
  expect(namePattern(pattern).test(name)).toBe(matches);
});
