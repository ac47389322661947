import { Random } from '@simvlm/core';
import { expect, test } from 'vitest';
import { exampleStream, filteredSource, mixture, partsSource, type SourcePart } from '../../src/index';
import { numbers } from './numbers';

const random = Random.fromSeed(2);
const settled = () => new Promise(resolve => setTimeout(resolve, 20));

/** A part of 100,000 records that says how many were read and whether it was let go. */
function watched() {
  const seen = { read: 0, isClosed: false };
  const [part] = numbers([100_000], { onRead: () => void seen.read++ }) as [SourcePart];
  const source = partsSource('numbers', [
    {
      ...part,
      async *rows(from) {
        seen.isClosed = false;
        try {
          yield* part.rows(from);
        } finally {
          seen.isClosed = true;
        }
      },
    },
  ]);
  return { source, seen };
}

test('a closed order reads no further, lets go of its file, and says so when it is asked', async () => {
  const { source, seen } = watched();
  const order = source.order({ random, shuffle: 1_000 });
  await order.next();
  order.close?.();
  await settled();
  expect(seen.read).toBeLessThan(1_200);
  expect(seen.isClosed).toBe(true);
  await expect(order.next()).rejects.toThrow('closed');
});

test('a draw under way when the order is closed is an error', async () => {
  const { source, seen } = watched();
  const order = source.order({ random });
  const drawn = order.next();
  order.close?.();
  await expect(drawn).rejects.toThrow('closed');
  await settled();
  expect(seen.read).toBeLessThan(10);
});

test('an order that is put elsewhere while it draws goes on from there', async () => {
  const order = partsSource('numbers', numbers([9])).order({ random, shuffle: false });
  const states = [];
  for (let i = 0; i < 4; i++) states.push((await order.next()).after);
  const again = partsSource('numbers', numbers([9])).order({ random, shuffle: false });
  const drawn = again.next();
  again.restore([states[3]!]);
  expect((await drawn).sample!.key).toBe('0:4');
  expect((await again.next()).sample!.key).toBe('0:5');
});

test("what fails behind a closed order is nobody's error", async () => {
  const part: SourcePart = {
    name: 'failing',
    version: async () => 1,
    rows: () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ value: { sample: { key: 'a', images: [], text: 'a' }, after: 1 } }),
        return: () => Promise.reject(new Error('cannot be closed')),
      }),
    }),
  };
  const order = partsSource('failing', [part]).order({ random, shuffle: 50 });
  await order.next();
  order.close?.();
  // An unhandled rejection would fail this test.
  await settled();
});

test('a stream closes its order when it is closed, and when it is put elsewhere; so does a mixture', async () => {
  for (const end of ['close', 'restore', 'mixture'] as const) {
    const { source, seen } = watched();
    const stream = exampleStream({
      ...{ source: filteredSource(source, () => true), random, shuffle: 1_000 },
    });
    const beginning = stream.state();
    await stream.next();
    if (end === 'restore') stream.restore([beginning]);
    if (end === 'close') await stream.close?.();
    if (end === 'mixture') await mixture([{ stream, weight: 1 }]).close?.();
    await settled();
    expect(seen.read).toBeLessThan(1_300);
    expect(seen.isClosed).toBe(true);
  }
});
