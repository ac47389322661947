import type { BatchSource, JsonValue, PrefixLmBatch } from '@simvlm/core';
import { expect, test } from 'vitest';
import { prefetch } from '../src/index';

/** Counts: the n-th batch has size n. `broken` ones fail; `open` lets batches through when it is called. */
function counting({ broken = -1, gated = false } = {}) {
  let at = 0;
  let made = 0;
  let restored = 0;
  const gates: (() => void)[] = [];
  const source: BatchSource = {
    async next() {
      made++;
      const before = restored;
      if (gated) await new Promise<void>(open => gates.push(open));
      if (before !== restored) throw new RangeError('put elsewhere meanwhile');
      const size = at++;
      if (size === broken) throw new RangeError(`batch ${size} failed`);
      return [{ size } as PrefixLmBatch];
    },
    state: () => at,
    restore([state]: readonly JsonValue[]) {
      if (typeof state !== 'number') throw new TypeError('not a position');
      at = state;
      restored++;
    },
    skipped: () => ({ count: at, draws: at, reasons: [] }),
  };
  return { source, made: () => made, open: () => gates.shift()?.() };
}
const size = async (source: BatchSource) => (await source.next())[0]!.size;
const settle = () => new Promise(resolve => setTimeout(resolve, 5));

test.each([1, 2, 3, 4])('with depth %i so many batches are made ahead, and no more', async depth => {
  const { source, made } = counting();
  const ahead = prefetch(source, depth);
  expect(await size(ahead)).toBe(0);
  await settle();
  expect(made()).toBe(depth + 1);
  expect(await size(ahead)).toBe(1);
  await settle();
  expect(made()).toBe(depth + 2);
  expect([ahead.state(), ahead.skipped().count]).toEqual([2, 2]);
});

test('with depth 0 a batch is made when it is asked for', async () => {
  const { source, made } = counting();
  const ahead = prefetch(source, 0);
  expect([await size(ahead), made(), await size(ahead), made()]).toEqual([0, 1, 1, 2]);
});

test('an error surfaces at its own batch, not before and not as an unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listener);
  try {
    const ahead = prefetch(counting({ broken: 2 }).source, 3);
    expect(await size(ahead)).toBe(0);
    await settle();
    expect(await size(ahead)).toBe(1);
    expect(ahead.state()).toBe(2);
    await expect(ahead.next()).rejects.toThrow('batch 2 failed');
    expect(ahead.state()).toBe(2);
    expect(await size(ahead)).toBe(3);
    await settle();
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', listener);
  }
});

test('a batch still being made when the source is put back is thrown away', async () => {
  const { source, open } = counting({ gated: true });
  const ahead = prefetch(source, 1);
  const first = size(ahead);
  await settle();
  open();
  expect(await first).toBe(0);
  await settle(); // batch 1 is being made now
  ahead.restore([7]);
  expect(ahead.state()).toBe(7);
  open();
  const next = size(ahead);
  await settle();
  open();
  expect(await next).toBe(7);
  expect(ahead.state()).toBe(8);
});

test('a position that does not fit is an error at once, and what is being made stays', async () => {
  const { source, open } = counting({ gated: true });
  const ahead = prefetch(source, 1);
  const first = size(ahead);
  await settle();
  expect(() => ahead.restore(['elsewhere'])).toThrow('not a position');
  open();
  expect(await first).toBe(0);
});

test('a depth that is no number of batches is refused', () => {
  for (const depth of [-1, 0.5, Number.NaN])
    expect(() => prefetch(counting().source, depth)).toThrow('"depth" must be an integer ≥ 0');
});
