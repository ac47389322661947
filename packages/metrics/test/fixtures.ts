import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Scores } from '../src/index';

/** What the official tools said: see fixtures/write.py. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
}

export const fixturePath = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);

/** Largest difference that rounding makes; a millionth is what users need. */
const DIFFERENCE = 1e-12;

/** Of the corpus and of each item. */
export function expectEqual(
  ours: Pick<Scores, 'corpus' | 'items'>,
  theirs: Pick<Scores, 'corpus' | 'items'>,
): void {
  expect(Math.abs(ours.corpus - theirs.corpus)).toBeLessThan(DIFFERENCE);
  expect(ours.items).toHaveLength(theirs.items.length);
  for (const [i, value] of ours.items.entries())
    expect(Math.abs(value - theirs.items[i]!), `item ${i}`).toBeLessThan(DIFFERENCE);
}
