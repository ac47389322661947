import { isSimVlmError, type JsonValue, Random, type SampleSource } from '@simvlm/core';
import { expect } from 'vitest';
import { drawn, keys } from './read-all';

/** Opens the same source anew. */
export type Open = () => SampleSource;

/** Stopped behind each of `points` samples and restored into a new reader, the keys are those of a reader that was never stopped. */
export async function expectExactResume(open: Open, points: readonly number[]): Promise<void> {
  const reader = open().read();
  const whole = await keys(reader);
  for (const point of points) {
    const first = open().read();
    const before: string[] = [];
    let state: JsonValue = first.state();
    if (point > 0)
      for await (const { key } of first) {
        before.push(key);
        state = first.state();
        if (before.length === point) break;
      }
    const second = open().read();
    second.restore(JSON.parse(JSON.stringify(state)));
    expect([...before, ...(await keys(second))]).toEqual(whole);
    expect(second.skipped().count).toBe(reader.skipped().count);
  }
}

/** Two epochs of the order of any number of processes, mixed or not: disjoint, all samples together, and of equal length. */
export async function expectDisjointShares(open: Open, sizes: readonly number[]): Promise<void> {
  const whole = (await keys(open())).sort();
  for (const size of sizes)
    for (const shuffle of [false, undefined] as const) {
      const shares = Array.from({ length: size }, (_, rank) =>
        drawn(open(), { share: { rank, size }, random: Random.fromSeed(1), shuffle }, 2),
      );
      const epochs = await Promise.all(shares);
      for (const epoch of [0, 1]) {
        expect(epochs.flatMap(share => share[epoch]!.keys).sort()).toEqual(whole);
        const lengths = epochs.map(share => share[epoch]!.length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }
    }
}

/** Whole samples, then the end or a typed error in one line: never anything else. */
export async function expectTypedEnd(open: Open): Promise<void> {
  try {
    for await (const { images } of open().read()) for (const image of images) await image.bytes();
  } catch (error) {
    expect(isSimVlmError(error), String(error)).toBe(true);
    expect((error as Error).message).not.toContain('\n');
  }
}
