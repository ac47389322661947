import { isSimVlmError, type JsonValue, type Reader, type Share } from '@simvlm/core';
import { expect } from 'vitest';
import { keys } from './read-all';

/** Opens the same source anew. */
export type Open = (share?: Share) => Reader;

/** Stopped behind each of `points` samples and restored into a new reader, the keys are those of a reader that was never stopped. */
export async function expectExactResume(open: Open, points: readonly number[]): Promise<void> {
  const whole = await keys(open());
  for (const point of points) {
    const first = open();
    const before: string[] = [];
    let state: JsonValue = first.state();
    if (point > 0)
      for await (const { key } of first) {
        before.push(key);
        state = first.state();
        if (before.length === point) break;
      }
    const second = open();
    second.restore(JSON.parse(JSON.stringify(state)));
    expect([...before, ...(await keys(second))]).toEqual(whole);
    expect(second.skipped().count).toBe((await skippedOf(open)).count);
  }
}

async function skippedOf(open: Open) {
  const reader = open();
  await keys(reader);
  return reader.skipped();
}

/** The shares of any number of readers are disjoint, and all samples together. */
export async function expectDisjointShares(open: Open, sizes: readonly number[]): Promise<void> {
  const whole = await keys(open());
  for (const size of sizes) {
    const shares = await Promise.all(Array.from({ length: size }, (_, rank) => keys(open({ rank, size }))));
    expect(shares.flat().sort()).toEqual([...whole].sort());
  }
}

/** Whole samples, then the end or a typed error in one line: never anything else. */
export async function expectTypedEnd(open: Open): Promise<void> {
  try {
    for await (const { images } of open()) for (const image of images) await image.bytes();
  } catch (error) {
    expect(isSimVlmError(error), String(error)).toBe(true);
    expect((error as Error).message).not.toContain('\n');
  }
}
