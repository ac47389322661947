import { effect, signal } from '@preact/signals';
import { type Desk, writeDesk } from './lesson-store';
import { lessons } from './lessons';
import { report } from './notice';
import { owner } from './owner';
import { plain } from './pictures';
import { settings } from './teach';

/** Whether a reload would find the lessons as they are. */
export const lessonsKept = signal(true);

let waiting: Desk | undefined;
let writing: Promise<void> | undefined;
let stop: (() => void) | undefined;

/** From now on lessons and settings are kept at every change, if this tab is the one that keeps them. */
export function keepLessons(): void {
  let isFirst = true;
  stop?.();
  stop = effect(() => {
    const now: Desk = {
      lessons: lessons.value.map(({ picture, caption, heldOut }) => ({
        picture: plain(picture),
        caption,
        heldOut,
      })),
      settings: settings.value,
    };
    // What has just been read need not be written.
    if (isFirst || !owner.peek()) isFirst = false;
    else keep(now);
  });
}

/** All that has changed is written. */
export async function keptLessons(): Promise<void> {
  await writing;
}

/** One write at a time; of those that wait for it, the newest is enough. */
function keep(desk: Desk): void {
  waiting = desk;
  writing ??= work().finally(() => {
    writing = undefined;
  });
}

async function work(): Promise<void> {
  for (let next = waiting; next; next = waiting) {
    waiting = undefined;
    try {
      await writeDesk(next);
      lessonsKept.value = true;
    } catch (error) {
      // Said once: a letter more does not change it.
      if (lessonsKept.value) report(error);
      lessonsKept.value = false;
    }
  }
}
