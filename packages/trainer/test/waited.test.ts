import { memoryStorage } from '@simvlm/checkpoint';
import { beforeAll, expect, test, vi } from 'vitest';
import type { TrainResult } from '../src/index';
import { Processes } from '../src/processes';
import { memoryGroups } from './memory-group';
import { batches, type RunOptions, run, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

/** A clock that data and callbacks alone move: so many seconds for the n-th batch, and one after each step. */
async function timed(seconds: (batch: number) => number, options: RunOptions = {}) {
  let now = 0;
  let batch = 0;
  let result: TrainResult | undefined;
  const source = batches();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  try {
    const { metrics } = await run({
      ...options,
      batches: {
        ...source,
        async next() {
          now += 1000 * seconds(++batch);
          return source.next();
        },
      },
      callbacks: [{ onStep: () => void (now += 1000) }],
      onResult: each => {
        result = each;
      },
    });
    return { waited: metrics.map(({ waited }) => waited), result: result! };
  } finally {
    clock.mockRestore();
  }
}

test('each step says how long it waited for its batches: not at all for one that was ready', async () => {
  const { waited, result } = await timed(batch => (batch === 5 ? 0.5 : batch === 6 ? 0.25 : 0), {
    config: { steps: 4, accumulate: 2 },
  });
  expect(waited).toEqual([0, 0, 0.75, 0]);
  expect(result).toMatchObject({ waited: 0.75, seconds: 0.75 });
});

test('the waiting of a run is that of all its sessions', async () => {
  const storage = memoryStorage();
  await timed(() => 0.5, { storage, stopAt: 5 });
  const { result } = await timed(() => 0.25, { resume: (await storage.latest())! });
  expect(result.waited).toBe(5 * 0.5 + 7 * 0.25);
});

test('several processes have the rows of all, and wait as long as the one that waits longest', async () => {
  const own = [
    { rows: 3, count: 11, waited: 0.25 },
    { rows: 0, count: 0, waited: 3000 },
    { rows: 2, count: 2, waited: 0 },
  ];
  const groups = memoryGroups(own.length);
  const told = await Promise.all(groups.map((group, i) => new Processes(group).sizeOfAll(own[i]!)));
  // Microseconds travel as 32-bit integers.
  for (const size of told) expect(size).toEqual({ rows: 5, count: 13, waited: (2 ** 31 - 1) / 1e6 });
});
