import { batch, computed, signal } from '@preact/signals';
import { proxy } from 'comlink';
import type {
  Knowledge,
  Lesson,
  ModelInfo,
  StudioFailure,
  TeachSettings,
  TeachStatus,
  TeachStep,
} from '../../engine/engine';
import { engine, model, refresh } from './engine';
import { learned, lessons, plainLessons } from './lessons';
import { report, tell } from './notice';
import { mustOwn, owner } from './owner';
import { defaults } from './teach-defaults';

export const settings = signal<TeachSettings>(defaults);
export const status = signal<TeachStatus>({ state: 'idle' });
export const latestStep = signal<TeachStep | undefined>();
/** What the model knew before the training, and what it knows since. */
export const known = signal<readonly Knowledge[]>([]);
/** The running mean over the last steps. */
export const secondsAStep = signal<number | undefined>();
/** Steps and losses, appended to in place; `lossCount` says that there are more. */
export const losses: { steps: number[]; losses: number[] } = { steps: [], losses: [] };
export const lossCount = signal(0);
/** Whether a reload would find the model as it is, but for the steps since the last checkpoint. */
export const modelKept = signal(true);

/** The lessons and settings of the training that is under way or paused; the engine goes on where they are the same. */
const session = signal<string | undefined>();
const sessionNow = computed(() => sessionOf(plainLessons(), settings.value));

function sessionOf(of: readonly Lesson[], { learningRate, batchSize, seed }: TeachSettings): string {
  const what = of.map(({ picture, caption, heldOut }) => [picture.id, caption, heldOut]);
  return JSON.stringify([what, learningRate, batchSize, seed]);
}

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
/** Nothing of the lessons may change: a training runs, or another tab keeps them. */
export const locked = computed(() => running.value || !owner.value);
export const canTrain = computed(
  () =>
    learned.value.length > 0 && lessons.value.every(({ caption }) => caption.trim() !== '') && !locked.value,
);

/** Trains until the steps are done, or goes on after a pause; the status tells how it ended. */
export async function teach(): Promise<void> {
  mustOwn();
  const before = status.value;
  const step = resumable.value && before.state !== 'idle' ? before.step : 0;
  if (step === 0) clearProgress();
  session.value = sessionNow.value;
  modelKept.value = true;
  status.value = { state: 'running', step, steps: settings.value.steps };
  try {
    const callbacks = proxy({ onStep, onKnowledge, onStatus, onNotice });
    status.value = await engine.teach(plainLessons(), settings.value, callbacks);
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

/** Back to the model before the last change, which a second press takes back; the lessons stay. */
export async function undo(): Promise<void> {
  mustOwn();
  await changedTo(await engine.undo());
}

/** The bundled model again; `undo` brings back what was in use. */
export async function useBundled(): Promise<void> {
  mustOwn();
  await changedTo(await engine.reset());
}

async function changedTo({ notice, ...info }: ModelInfo): Promise<void> {
  model.value = info;
  modelKept.value = !notice;
  await showTraining();
  if (notice) report(notice);
}

/** How the saved model's training on these lessons stands; nothing of it where it has learnt others, or none. */
export async function showTraining(): Promise<void> {
  const of = plainLessons();
  const saved = await engine.saved(of);
  clearProgress();
  batch(() => {
    status.value = { state: 'idle' };
    if (!saved || saved.step === 0) return;
    const { step, losses: taken, knowledge } = saved;
    const { steps } = saved.settings;
    session.value = sessionOf(of, saved.settings);
    losses.steps = taken.map(({ step }) => step);
    losses.losses = taken.map(({ loss }) => loss);
    lossCount.value = losses.steps.length;
    known.value = knowledge;
    status.value = { state: step < steps ? 'paused' : 'done', step, steps };
  });
}

/** Says after a reload that a training can go on. */
export function tellInterrupted(): void {
  const now = status.value;
  if (now.state !== 'paused' || !resumable.value) return;
  tell(
    `Your training was saved at step ${now.step} of ${now.steps}`,
    'It goes on exactly from there.',
    owner.value ? { label: 'Go on with it', run: teach } : undefined,
  );
}

function clearProgress(): void {
  newest = undefined;
  pace = undefined;
  batch(() => {
    latestStep.value = undefined;
    secondsAStep.value = undefined;
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
  const seconds = settings.value.batchSize / now.rowsPerSecond;
  // The first step is slower than the others.
  pace = pace === undefined || now.step <= 2 ? seconds : 0.9 * pace + 0.1 * seconds;
  due ??= setTimeout(showSteps, 200);
}

/** Steps may come by the hundred a second; what is shown of them changes five times a second. */
let newest: TeachStep | undefined;
let pace: number | undefined;
let due: ReturnType<typeof setTimeout> | undefined;

function showSteps(): void {
  clearTimeout(due);
  due = undefined;
  batch(() => {
    latestStep.value = newest;
    secondsAStep.value = pace;
    lossCount.value = losses.steps.length;
  });
}

function onStatus(now: TeachStatus): void {
  status.value = now;
}

function onKnowledge(now: Knowledge): void {
  known.value = [known.value[0] ?? now, now];
}

function onNotice(notice: StudioFailure): void {
  if (notice.code === 'STORAGE_FULL' || notice.code === 'STORAGE_ABSENT') modelKept.value = false;
  report(notice);
}
