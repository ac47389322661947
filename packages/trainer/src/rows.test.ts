import { expect, test } from 'vitest';
import { ownRows } from './rows';

/** Its batches are lists. */
const learner = {
  rows: (batch: readonly string[]) => batch.length,
  select: (batch: readonly string[], rows: readonly number[]) => rows.map(row => batch[row]!),
};

test('rows are dealt through all parts, each to one process', () => {
  const parts = [
    ['a', 'b', 'c', 'd', 'e'],
    ['x', 'y'],
  ];
  expect([0, 1].map(rank => ownRows(learner, parts, { rank, size: 2 }))).toEqual([
    [['a', 'c', 'e'], ['y']],
    [['b', 'd'], ['x']],
  ]);
});

test('a process without rows of a kind has no part of it', () => {
  expect([0, 1, 2].map(rank => ownRows(learner, [['a'], ['x']], { rank, size: 3 }))).toEqual([
    [['a']],
    [['x']],
    [],
  ]);
});
