import { computed, effect } from '@preact/signals';
import { lessonsKept } from './keep-lessons';
import { lessons } from './lessons';
import { modelKept, running } from './teach';

/** Whether something would be lost with the page: the steps since the last checkpoint, or what the browser could not keep. */
const atRisk = computed(
  () => running.value || !modelKept.value || (!lessonsKept.value && lessons.value.length > 0),
);

/** Leaving asks, but only then: a page that always asks is not believed, and cannot be kept for going back. */
export function guardLeaving(): void {
  effect(() => {
    if (atRisk.value) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  });
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
