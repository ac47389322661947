import { type CheckpointFiles, FILES, memoryCheckpoint } from '@simvlm/checkpoint';
import { doubtAfter } from './doubt-after';
import type { Knowledge, Lesson, StudioFailure, TeachCallbacks, TeachSettings, TeachStatus } from './engine';
import { keepLeastChange } from './least-change';
import { lostText } from './lost-text';
import type { LoadedModel } from './model-store';
import { ownRehearsal, type Rehearsal } from './rehearsal';
import { type SessionNote, type StudioStorage, sessionKey, stepOf, withoutNote } from './storage';
import { knowledge, type PreparedLessons, prepareLessons, taughtRun, teachLessons } from './teacher';

export interface Session {
  readonly loaded: LoadedModel;
  /** The checkpoint that `loaded` was made from. */
  readonly files: CheckpointFiles;
  readonly lessons: readonly Lesson[];
  readonly settings: TeachSettings;
  readonly callbacks: TeachCallbacks;
  readonly storage: StudioStorage;
  /** What the model goes over again; absent: nothing. */
  readonly rehearsal?: (() => Promise<Rehearsal>) | undefined;
  readonly signal: AbortSignal;
  readonly between: () => Promise<void>;
  /** What an error of the training is to the visitor. */
  readonly failureOf: (error: unknown) => Promise<StudioFailure>;
}

/** What belongs to a model whatever it was taught: its tokenizer, its card, where it comes from. */
const KEPT = [
  FILES.tokenizer,
  FILES.tokenizerJson,
  FILES.tokenizerConfig,
  'README.md',
  'source.json',
  FILES.doubt,
];

const WEIGHTS = 'weights.safetensors';

/** What a model is called that was taught here. */
const NAME = 'taught';

/**
 * One training, from its start or from its last checkpoint. Where it fails, the weights on the device may be ruined or gone, and `storage.latest` is
 * what it can go on from.
 *
 * @throws StudioError for lessons that cannot be trained on; nothing has changed then
 */
export async function teachSession(session: Session): Promise<TeachStatus> {
  const { loaded, files, lessons, settings, callbacks, storage, signal, between } = session;
  const { steps } = settings;
  const prepared = await prepareLessons(lessons, loaded.info.imageSize);
  const key = await sessionKey(lessons, settings);
  const resume = await unfinished(storage, key, steps);
  const drawings = await session.rehearsal?.();
  /** The captions that the model is to keep. */
  let rehearsed = resume && storage.note!.rehearsed;
  const losses = resume ? [...storage.note!.losses] : [];
  /** Before the first step, and at the last look. */
  let looks = (resume && storage.note!.knowledge) || [];
  const note = (): SessionNote => ({
    ...{ name: NAME, savedAt: new Date().toISOString(), key, settings, losses, knowledge: looks },
    ...(rehearsed && { rehearsed }),
  });
  const onNotice = async (notice: StudioFailure) => callbacks.onNotice(notice);
  const extras = new Map(kept(files, KEPT));
  extras.set(
    'run.json',
    new TextEncoder().encode(`${JSON.stringify(taughtRun(loaded, NAME, settings), null, 2)}\n`),
  );

  const tell = async (status: TeachStatus) => {
    await callbacks.onStatus(status);
    return status;
  };
  const onKnowledge = async (now: Knowledge) => {
    looks = [looks[0] ?? now, now];
    await callbacks.onKnowledge(now);
  };
  await tell({ state: 'running', step: resume ? await stepOf(resume) : 0, steps });
  if (!resume) {
    const lost = await lostText(
      prepared.learned.map(({ text }) => text),
      loaded,
    );
    if (lost) await onNotice(lost);
    await storage.begin(new Map(kept(files, [FILES.model, WEIGHTS])), extras, note(), onNotice);
  }
  try {
    const rehearsal = drawings && (await ownRehearsal(loaded, drawings, rehearsed));
    rehearsed = rehearsal?.captions;
    if (!resume) await onKnowledge({ step: 0, ...(await knowledge(loaded, prepared, rehearsal)) });
    const { step, reason } = await teachLessons({
      ...{ loaded, lessons: prepared, rehearsal, settings, extras, signal, between },
      storage: storage.during(note, onNotice),
      ...(resume && { resume: memoryCheckpoint(resume) }),
      callbacks: {
        onStep(now) {
          losses.push({ step: now.step, loss: now.loss });
          return callbacks.onStep(now);
        },
        onKnowledge,
      },
    });
    if (reason === 'signal') return await tell({ state: 'paused', step, steps });
    const share = rehearsal && (await leastChange(session, prepared));
    await onKnowledge({ step, ...(await knowledge(loaded, prepared, rehearsal)), ...(share && { share }) });
    const weights =
      share === undefined || share === 1 ? [] : [[WEIGHTS, await loaded.model.saveWeights()] as const];
    const doubt = await doubtAfter(loaded, prepared.learned);
    const learnt = new Map([...withoutNote(storage.latest!), ...weights, ...doubt]);
    await storage.save(step, learnt, note(), onNotice);
    return await tell({ state: 'done', step, steps });
  } catch (error) {
    const failure = await session.failureOf(error);
    return tell({ state: 'failed', step: await stepOf(storage.latest!), steps, error: failure });
  }
}

/** Takes back what of the training is not needed; undefined where the weights before it are gone. */
async function leastChange(
  { loaded, storage }: Session,
  { learned }: PreparedLessons,
): Promise<number | undefined> {
  const before = (await storage.before())?.get(WEIGHTS);
  return before && keepLeastChange(loaded, before, learned);
}

/** The checkpoint of this very training, when it has steps to go. */
async function unfinished(
  storage: StudioStorage,
  key: string,
  steps: number,
): Promise<CheckpointFiles | undefined> {
  const { latest, note } = storage;
  if (!latest?.has(FILES.trainer) || note?.key !== key) return undefined;
  return (await stepOf(latest)) < steps ? latest : undefined;
}

function kept(files: CheckpointFiles, names: readonly string[]): [string, Uint8Array][] {
  return [...files].filter(([name]) => names.includes(name));
}
