import { expect, test } from 'vitest';
import { inOrder } from '../../src/tools/in-order';

async function* upTo(count: number, taken: number[] = []) {
  for (let i = 0; i < count; i++) {
    taken.push(i);
    yield i;
  }
}

/** Promises that are resolved by hand. */
function gates() {
  const open: (() => void)[] = [];
  return { open, wait: () => new Promise<void>(resolve => open.push(resolve)) };
}

test('results come in the order of the items, whichever is done first', async () => {
  const { open, wait } = gates();
  const results = inOrder(upTo(3), 3, async i => {
    await wait();
    return i;
  });
  const first = results.next();
  await expect.poll(() => open.length).toBe(3);
  for (const each of [2, 1, 0]) open[each]!();
  expect((await first).value).toBe(0);
  expect((await results.next()).value).toBe(1);
  expect((await results.next()).value).toBe(2);
  expect((await results.next()).done).toBe(true);
});

test('no more than so many are under way, also when results are not taken', async () => {
  const taken: number[] = [];
  const results = inOrder(upTo(100, taken), 4, async i => i);
  await results.next();
  await new Promise(resolve => setImmediate(resolve));
  expect(taken).toEqual([0, 1, 2, 3]);
  await results.return(undefined);
});

test('an error comes when its turn does, and the source is closed', async () => {
  let closed = false;
  async function* source() {
    try {
      yield* upTo(100);
    } finally {
      closed = true;
    }
  }
  const given: number[] = [];
  const reading = (async () => {
    for await (const i of inOrder(source(), 3, async i => {
      if (i === 2) throw new Error('two');
      return i;
    }))
      given.push(i);
  })();
  await expect(reading).rejects.toThrow('two');
  expect(given).toEqual([0, 1]);
  expect(closed).toBe(true);
});
