import { beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStorage, type TrainConfig } from '../src/index';
import { batches, run, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

describe('a run of minutes', () => {
  /** A clock that only the data move: `seconds(n)` for the n-th step. */
  async function timed(seconds: (step: number) => number, options: Parameters<typeof run>[0] = {}) {
    let now = 0;
    let step = 0;
    const source = batches();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      return await run({
        ...options,
        config: { steps: undefined, minutes: 1, warmup: 40, ...options.config } as unknown as TrainConfig,
        batches: {
          ...source,
          next() {
            now += 1000 * seconds(++step);
            return source.next();
          },
        },
      });
    } finally {
      clock.mockRestore();
    }
  }

  test('measures 40 steps, then fixes their number once', async () => {
    // Ten slow steps first, which do not count; and it slows down later, which changes nothing any more.
    const { metrics } = await timed(step => (step <= 10 ? 2 : step <= 45 ? 0.5 : 3));
    const fixed = 40 + Math.round((60 - 10 * 2 - 30 * 0.5) / 0.5);
    expect(metrics.slice(0, 39).every(({ totalSteps }) => totalSteps === null)).toBe(true);
    expect(metrics.slice(39).every(({ totalSteps }) => totalSteps === fixed)).toBe(true);
    expect(metrics.length).toBe(fixed);
    expect(metrics.at(-1)!.learningRate).toBe(0);
  });

  test('keeps the number in the checkpoint: a resumed run has the same schedule and the same losses', async () => {
    const storage = memoryStorage();
    const whole = await timed(() => 1);
    const first = await timed(() => 1, { storage, stopAt: 45 });
    const second = await timed(() => 7, { resume: (await storage.latest())!, seed: 8 });
    expect(whole.metrics.length).toBe(60);
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.metrics.every(({ totalSteps }) => totalSteps === 60)).toBe(true);
  });

  test('ends when the time is over before 40 steps are', async () => {
    const { metrics } = await timed(() => 20);
    expect(metrics.length).toBe(3);
  });
});
