import { memoryStorage } from '@simvlm/checkpoint';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { TrainConfig } from '../src/index';
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

  test('ends on time although it slows down on the way, with a learning rate near 0', async () => {
    const { metrics } = await timed(step => (step <= 60 ? 0.25 : 0.75));
    const last = metrics.at(-1)!;
    expect(last.seconds).toBeGreaterThanOrEqual(60);
    expect(last.seconds).toBeLessThan(61);
    expect(last.totalSteps).toBe(last.step);
    expect(metrics.slice(0, 39).every(({ totalSteps }) => totalSteps === null)).toBe(true);
    // 40 steps of 0.25 s leave room for 200 more; later it knows better.
    expect(metrics[39]!.totalSteps).toBe(240);
    expect(last.step).toBe(120);
    expect(last.learningRate).toBeLessThan(
      0.05 * Math.max(...metrics.map(({ learningRate }) => learningRate)),
    );
  });

  test('a resumed run has the time that was left, and the schedule where it was', async () => {
    const storage = memoryStorage();
    const first = await timed(() => 1, { storage, stopAt: 45 });
    const second = await timed(() => 1, { resume: (await storage.latest())! });
    const whole = await timed(() => 1);
    expect(first.metrics.length + second.metrics.length).toBe(60);
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.metrics[0]!.learningRate).toBe(whole.metrics[45]!.learningRate);
  });

  test('ends when the time is over before 40 steps are', async () => {
    const { metrics } = await timed(() => 20);
    expect(metrics.length).toBe(3);
  });
});
