import { batch } from '@preact/signals';
import { captionAgain, picture, showSample } from './caption';
import { engine, model, phase, startEngine } from './engine';
import { keepLessons, keptLessons } from './keep-lessons';
import { guardLeaving } from './leaving';
import { readDesk } from './lesson-store';
import { lessons, type ShownLesson } from './lessons';
import { report } from './notice';
import { owner, shareWithTabs, takeIfFree, takeOver } from './owner';
import { shown } from './pictures';
import { samples } from './samples';
import { pause, settings, showTraining, tellInterrupted } from './teach';

/** The engine, then what a reload interrupted, then a first caption, so that the page is never empty. */
export async function begin(): Promise<void> {
  await Promise.all([takeIfFree(), startEngine()]);
  if (phase.value !== 'ready') return;
  // One does not stop the other, nor hide what the start has told.
  await restore().catch(report);
  await showSample(samples[0]!).catch(report);
}

/** What the page does from its first moment to its last; once. */
export function watch(): void {
  guardLeaving();
  shareWithTabs(async () => {
    await pause();
    await keptLessons();
  });
  // A tab that comes to the front when the one with the lock is closed goes on with its work.
  addEventListener('focus', async () => {
    if (owner.value || phase.value !== 'ready' || !(await takeIfFree())) return;
    await reread().catch(report);
  });
}

/** Goes on in this tab with what another one has kept until now. */
export async function useHere(): Promise<void> {
  await takeOver();
  await reread();
}

async function reread(): Promise<void> {
  const { model: info, notices } = await engine.reopen();
  model.value = info;
  for (const notice of notices) report(notice);
  await restore();
  if (picture.value) await captionAgain();
}

/** Lessons, settings and training as they were kept. */
async function restore(): Promise<void> {
  try {
    const desk = await readDesk();
    const opened: ShownLesson[] = [];
    for (const { picture, ...lesson } of desk?.lessons ?? []) {
      const { width, height } = await engine.inspect(picture.file, picture.name);
      opened.push({ picture: shown(picture, width, height), ...lesson });
    }
    batch(() => {
      if (!desk) return;
      lessons.value = opened;
      settings.value = desk.settings;
    });
  } finally {
    keepLessons();
  }
  await showTraining();
  tellInterrupted();
}
