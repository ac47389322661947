import { expect, test } from 'vitest';
import {
  columnsOf,
  endOf,
  filters,
  gather,
  inOrder,
  scatter,
  transposed,
  type View,
} from '../src/tensors/view';

const theirs = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

test('a weight that stands the other way round', () => {
  // [[0, 1, 2], [3, 4, 5]] is [O, I]; ours is [I, O].
  expect([...gather(theirs(6), 0, transposed(3, 2))]).toEqual([0, 3, 1, 4, 2, 5]);
});

test('the second of two such weights, one after the other', () => {
  expect([...gather(theirs(12), 0, transposed(3, 2, 6))]).toEqual([6, 9, 7, 10, 8, 11]);
});

test('the last two of five columns', () => {
  expect([...gather(theirs(10), 0, columnsOf(2, 5, 3, 2))]).toEqual([3, 4, 8, 9]);
});

test('filters over channel, row and column become rows of pixels, each with its colours', () => {
  // Two filters of 2 × 2 pixels: number c·4 + y·2 + x of the first, 12 more in the second.
  const expected = [];
  for (const [y, x] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const)
    for (const c of [0, 1, 2]) expected.push(4 * c + 2 * y + x, 12 + 4 * c + 2 * y + x);
  expect([...gather(theirs(24), 0, filters(2, 2))]).toEqual(expected);
});

test.each<[string, View, number]>([
  ['in order', inOrder(4, 2), 6],
  ['transposed', transposed(3, 4, 12), 24],
  ['columns', columnsOf(3, 6, 4, 2), 18],
  ['filters', filters(3, 2), 54],
])('what is gathered from a part goes back to its place: %s', (_, view, count) => {
  const given = theirs(count);
  expect(endOf(view)).toBeLessThanOrEqual(count);
  const ours = gather(given.subarray(view.offset), view.offset, view);
  const back = new Float32Array(count).fill(-1);
  scatter(ours, view, back);
  const places = [...back].filter(value => value >= 0);
  expect(places).toHaveLength(ours.length);
  for (const [i, value] of back.entries()) if (value >= 0) expect(value).toBe(given[i]);
});
