import { expect, test } from 'vitest';
import { judge } from './verdict';

const outcomes = [
  { name: 'passes', failures: [] },
  { name: 'fails', failures: ['1 is not 2'] },
];

test('without a list, what fails has failed', () => {
  expect(judge(outcomes, {}, false)).toEqual({ passed: 1, failed: [outcomes[1]], skipped: [] });
});

test('what is known to fail is counted by its reason', () => {
  const verdict = judge(outcomes, { 'no digits': ['fails'] }, false);
  expect(verdict).toEqual({ passed: 1, failed: [], skipped: [['no digits', ['fails']]] });
});

test('what is listed and passes, or is not there, is a mistake in the list', () => {
  const { passed, failed } = judge(outcomes, { 'no digits': ['fails', 'passes', 'gone'] }, false);
  expect(passed).toBe(0);
  expect(failed).toEqual([
    { name: 'passes', failures: ['passes, but is listed as known to fail'] },
    { name: 'gone', failures: ['is listed as known to fail, but there is no such spec'] },
  ]);
  expect(judge(outcomes, { 'no digits': ['fails', 'gone'] }, true).failed).toEqual([]);
});
