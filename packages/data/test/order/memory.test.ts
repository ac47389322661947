import { Random } from '@simvlm/core';
import { expect, test } from 'vitest';
import { partsSource } from '../../src/index';
import { numbers } from './numbers';

const random = Random.fromSeed(1);

test('of 100,000 records two windows are in memory at most, whatever the size of a part', async () => {
  let read = 0;
  let drawn = 0;
  let most = 0;
  const onRead = () => {
    most = Math.max(most, ++read - drawn);
  };
  const order = partsSource('numbers', numbers([99_000, 1_000], { onRead })).order({ random, shuffle: 500 });
  for (; drawn < 100_000; drawn++) await order.next();
  expect(most).toBeLessThanOrEqual(2 * 500 + 1);
});

test('restoring reads one window and no more of what was drawn', async () => {
  const open = (onRead?: (part: number, row: number) => void) =>
    partsSource('numbers', numbers([4_000], onRead && { onRead })).order({ random, shuffle: 100 });
  const first = open();
  for (let i = 0; i < 2_050; i++) await first.next();
  const rows: number[] = [];
  const second = open((_, row) => rows.push(row));
  second.restore([first.state()]);
  await second.next();
  expect(rows[0]).toBe(2_000);
});

test('the state of a process is small, however many records it has drawn and however often the number of processes changed', async () => {
  const source = () => partsSource('numbers', numbers([3_000]));
  let states = [source().order({ random }).state()];
  for (const size of [1, 2, 3, 2, 1]) {
    const orders = Array.from({ length: size }, (_, rank) =>
      source().order({ random, share: { rank, size } }),
    );
    for (const order of orders) {
      order.restore(states);
      for (let i = 0; i < 150; i++) await order.next();
    }
    states = orders.map(order => order.state());
  }
  expect(JSON.stringify(states).length).toBeLessThan(500);
});
