import fc from 'fast-check';
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
  ['ab*ba', 'aba', false],
  ['*ab*ab*', 'abab', true],
  ['*ab*ab*', 'abb', false],
  ['a*b*', 'ab', true],
  ['**', '', true],
  ['', '', true],
  ['a*b*b', 'ab', false],
])('the pattern %j and the name %j: %j', (pattern, name, matches) => {
  expect(namePattern(pattern).test(name)).toBe(matches);
});

test('a star is any characters, as in a regular expression', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
  fc.assert(
    fc.property(patterns, letters, (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(namePattern(pattern).test(name)).toBe(expression.test(name));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of thousands of stars is done at once', () => {
  // A regular expression would try more ways than there are atoms.
  expect(namePattern(`${'*a'.repeat(5_000)}*b`).test('a'.repeat(10_000))).toBe(false);
});
