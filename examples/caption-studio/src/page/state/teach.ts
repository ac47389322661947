import { batch, computed, signal } from '@preact/signals';
import { proxy } from 'comlink';
import type {
  Knowledge,
  Lesson,
  TeachCaption,
  TeachSettings,
  TeachStatus,
  TeachStep,
} from '../../engine/engine';
import { engine, model, refresh } from './engine';
import { report } from './notice';
import { openPicture, plain, release, type ShownPicture, shown } from './pictures';
import { defaults } from './teach-defaults';

/** A lesson with what the page needs to show it. */
export interface ShownLesson extends Omit<Lesson, 'picture'> {
  readonly picture: ShownPicture;
}

export const lessons = signal<readonly ShownLesson[]>([]);
export const settings = signal<TeachSettings>(defaults);
export const status = signal<TeachStatus>({ state: 'idle' });
export const latestStep = signal<TeachStep | undefined>();
/** What the model said of each held-out picture, oldest first. */
export const said = signal<ReadonlyMap<string, readonly TeachCaption[]>>(new Map());
/** What the model knew before the training, and what it knows since. */
export const known = signal<readonly Knowledge[]>([]);
/** Steps and losses, appended to in place; `lossCount` says that there are more. */
export const losses: { steps: number[]; losses: number[] } = { steps: [], losses: [] };
export const lossCount = signal(0);

/** The lessons and settings of the training that is under way or paused; the engine goes on where they are the same. */
const session = signal<string | undefined>();
const sessionNow = computed(() => {
  const { learningRate, batchSize, seed } = settings.value;
  const what = lessons.value.map(({ picture, caption, heldOut }) => [picture.id, caption.trim(), heldOut]);
  return JSON.stringify([what, learningRate, batchSize, seed]);
});

/** Whether Train goes on with the training that was stopped, rather than beginning one. */
export const resumable = computed(() => {
  const now = status.value;
  return (
    now.state !== 'idle' &&
    session.value === sessionNow.value &&
    now.step > 0 &&
    now.step < settings.value.steps
  );
});

export const running = computed(() => status.value.state === 'running');
export const heldOut = computed(() => lessons.value.filter(lesson => lesson.heldOut));
export const learned = computed(() => lessons.value.filter(lesson => !lesson.heldOut));
export const canTrain = computed(
  () =>
    learned.value.length > 0 && lessons.value.every(({ caption }) => caption.trim() !== '') && !running.value,
);

export async function addLesson(file: Blob, name: string, caption = '', isHeldOut = false): Promise<void> {
  const picture = await openPicture(file, name);
  lessons.value = [...lessons.value, { picture, caption, heldOut: isHeldOut }];
}

export function changeLesson(id: string, change: Partial<Pick<Lesson, 'caption' | 'heldOut'>>): void {
  lessons.value = lessons.value.map(lesson => (lesson.picture.id === id ? { ...lesson, ...change } : lesson));
}

export function removeLesson(id: string): void {
  const gone = lessons.value.find(({ picture }) => picture.id === id);
  lessons.value = lessons.value.filter(lesson => lesson !== gone);
  if (gone) release(gone.picture);
}

/** Trains until the steps are done, or goes on after a pause; the status tells how it ended. */
export async function teach(): Promise<void> {
  const before = status.value;
  const step = resumable.value && before.state !== 'idle' ? before.step : 0;
  if (step === 0) clearProgress();
  session.value = sessionNow.value;
  status.value = { state: 'running', step, steps: settings.value.steps };
  try {
    status.value = await engine.teach(
      lessons.value.map(({ picture, caption, heldOut }) => ({
        picture: plain(picture),
        caption: caption.trim(),
        heldOut,
      })),
      settings.value,
      proxy({ onStep, onCaption, onKnowledge, onStatus, onNotice: report }),
    );
  } catch (error) {
    status.value = before;
    throw error;
  } finally {
    showSteps();
  }
  await refresh();
  if (status.value.state === 'failed') throw status.value.error;
}

export async function pause(): Promise<void> {
  await engine.pause();
}

/** The model as it was before the last training; the lessons stay. */
export async function undo(): Promise<void> {
  model.value = await engine.undo();
  batch(() => {
    status.value = { state: 'idle' };
    clearProgress();
  });
}

/** The shipped model again, and no trace of a training. */
export async function startOver(): Promise<void> {
  model.value = await engine.reset();
  batch(() => {
    status.value = { state: 'idle' };
    clearProgress();
  });
}

/** What a reload interrupted, as the engine saved it. */
export async function restore(): Promise<boolean> {
  const saved = await engine.saved();
  if (!saved) return false;
  const opened: ShownLesson[] = [];
  for (const { picture, caption, heldOut } of saved.lessons) {
    const { width, height } = await engine.inspect(picture.file, picture.name);
    opened.push({ picture: shown(picture, width, height), caption, heldOut });
  }
  batch(() => {
    lessons.value = opened;
    settings.value = saved.settings;
    session.value = sessionNow.value;
    losses.steps = saved.losses.map(({ step }) => step);
    losses.losses = saved.losses.map(({ loss }) => loss);
    lossCount.value = losses.steps.length;
    known.value = saved.knowledge;
    const { step } = saved;
    const { steps } = saved.settings;
    if (step > 0) status.value = { state: step < steps ? 'paused' : 'done', step, steps };
  });
  return true;
}

function clearProgress(): void {
  newest = undefined;
  batch(() => {
    latestStep.value = undefined;
    said.value = new Map();
    known.value = [];
    losses.steps = [];
    losses.losses = [];
    lossCount.value = 0;
  });
}

function onStep(now: TeachStep): void {
  // After a resume from an older checkpoint, the steps behind it are taken once more.
  while (losses.steps.length > 0 && losses.steps.at(-1)! >= now.step) {
    losses.steps.pop();
    losses.losses.pop();
  }
  losses.steps.push(now.step);
  losses.losses.push(now.loss);
  newest = now;
  due ??= setTimeout(showSteps, 200);
}

/** Steps may come by the hundred a second; what is shown of them changes five times a second. */
let newest: TeachStep | undefined;
let due: ReturnType<typeof setTimeout> | undefined;

function showSteps(): void {
  clearTimeout(due);
  due = undefined;
  batch(() => {
    latestStep.value = newest;
    lossCount.value = losses.steps.length;
  });
}

function onStatus(now: TeachStatus): void {
  status.value = now;
}

function onKnowledge(now: Knowledge): void {
  known.value = [known.value[0] ?? now, now];
}

function onCaption(now: TeachCaption): void {
  const before = said.value.get(now.pictureId) ?? [];
  if (before.at(-1)?.text === now.text) return;
  said.value = new Map(said.value).set(now.pictureId, [...before, now]);
}
