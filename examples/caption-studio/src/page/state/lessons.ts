import { computed, signal } from '@preact/signals';
import type { Lesson } from '../../engine/engine';
import { counted } from '../parts/format';
import { dismiss, tell } from './notice';
import { mustOwn } from './owner';
import { openPicture, plain, release, type ShownPicture, shown } from './pictures';

/** A lesson with what the page needs to show it. */
export interface ShownLesson extends Omit<Lesson, 'picture'> {
  readonly picture: ShownPicture;
}

export const lessons = signal<readonly ShownLesson[]>([]);
export const learned = computed(() => lessons.value.filter(lesson => !lesson.heldOut));

/** What was removed at once, with the places that it had. */
type Removal = readonly { readonly place: number; readonly lesson: ShownLesson }[];

/** The last at the end. */
const removals: Removal[] = [];

export async function addLesson(file: Blob, name: string, caption = '', isHeldOut = false): Promise<void> {
  mustOwn();
  const picture = await openPicture(file, name);
  lessons.value = [...lessons.value, { picture, caption, heldOut: isHeldOut }];
}

export function changeLesson(id: string, change: Partial<Pick<Lesson, 'caption' | 'heldOut'>>): void {
  lessons.value = lessons.value.map(lesson => (lesson.picture.id === id ? { ...lesson, ...change } : lesson));
}

/** Removes some lessons; the notice has a button that brings them back, and then one for the removal before. */
export function removeLessons(ids: readonly string[]): void {
  const gone: Removal = lessons.value
    .map((lesson, place) => ({ place, lesson }))
    .filter(({ lesson }) => ids.includes(lesson.picture.id));
  lessons.value = lessons.value.filter(({ picture }) => !ids.includes(picture.id));
  for (const { lesson } of gone) release(lesson.picture);
  removals.push(gone);
  tellRemoval();
}

function tellRemoval(): void {
  const gone = removals.at(-1);
  if (!gone) {
    dismiss();
    return;
  }
  const what = gone.length === 1 ? gone[0]!.lesson.picture.name : counted(gone.length, 'picture');
  tell(`Removed ${what}`, undefined, { label: 'Bring back', run: bringBack });
}

/** At the places that they had: of the same lessons in another order, another training begins. */
function bringBack(): void {
  const all = [...lessons.value];
  for (const { place, lesson } of removals.pop()!)
    all.splice(place, 0, { ...lesson, picture: again(lesson.picture) });
  lessons.value = all;
  tellRemoval();
}

function again({ width, height, ...picture }: ShownPicture): ShownPicture {
  return shown(picture, width, height);
}

/** The lessons as the engine is sent them. */
export function plainLessons(): Lesson[] {
  return lessons.value.map(({ picture, caption, heldOut }) => ({
    ...{ picture: plain(picture), caption: caption.trim(), heldOut },
  }));
}
