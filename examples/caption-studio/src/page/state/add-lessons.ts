import { signal } from '@preact/signals';
import { asFailure } from './failure';
import type { GivenLesson } from './folder';
import { addLesson } from './lessons';

/** With so many pictures or more, every fifth is held out, so that learning can be told from remembering. */
const HOLD_OUT_FROM = 10;

export interface Added {
  readonly added: number;
  readonly heldOut: number;
  /** What could not be used, and why, a line each. */
  readonly left: readonly string[];
  /** What was thrown last. */
  readonly failure?: unknown;
}

/** How far the adding of several pictures has come. */
export const adding = signal<{ readonly done: number; readonly total: number } | undefined>();

/** Adds every picture that can be used, in their order; what cannot be used is told, none goes unmentioned. */
export async function addAll(given: readonly GivenLesson[], holdOut = false): Promise<Added> {
  const left: string[] = [];
  let [added, heldOut] = [0, 0];
  let failure: unknown;
  try {
    for (const [i, { file, name, caption }] of given.entries()) {
      if (given.length > 1) adding.value = { done: i, total: given.length };
      if (!file) {
        left.push(`${name}: not in the folder`);
        continue;
      }
      const isHeldOut = holdOut && given.length >= HOLD_OUT_FROM && i % 5 === 4;
      try {
        await addLesson(file, name, caption, isHeldOut);
        added++;
        if (isHeldOut) heldOut++;
      } catch (error) {
        failure = error;
        const { title } = asFailure(error);
        left.push(title.startsWith(name) ? title : `${name}: ${title}`);
      }
    }
  } finally {
    adding.value = undefined;
  }
  return { added, heldOut, left, ...(failure !== undefined && { failure }) };
}
