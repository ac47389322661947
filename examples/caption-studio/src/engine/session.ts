import { type CheckpointFiles, FILES, memoryCheckpoint } from '@simvlm/checkpoint';
import type { Lesson, StudioFailure, TeachCallbacks, TeachSettings, TeachStatus } from './engine';
import { lostText } from './lost-text';
import type { LoadedModel } from './model-store';
import { type SessionNote, type StudioStorage, sessionKey, stepOf } from './storage';
import { prepareLessons, taughtRun, teachLessons } from './teacher';

export interface Session {
  readonly loaded: LoadedModel;
  /** The checkpoint that `loaded` was made from. */
  readonly files: CheckpointFiles;
  readonly lessons: readonly Lesson[];
  readonly settings: TeachSettings;
  readonly callbacks: TeachCallbacks;
  readonly storage: StudioStorage;
  readonly signal: AbortSignal;
  readonly between: () => Promise<void>;
  /** What an error of the training is to the visitor. */
  readonly failureOf: (error: unknown) => Promise<StudioFailure>;
}

/** What belongs to a model whatever it was taught: its tokenizer, its card, where it comes from. */
const KEPT = [FILES.tokenizer, FILES.tokenizerJson, FILES.tokenizerConfig, 'README.md', 'source.json'];

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
  const losses = resume ? [...storage.note!.losses] : [];
  const note = (): SessionNote => ({
    ...{ name: NAME, savedAt: new Date().toISOString(), key, settings, losses },
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
  await tell({ state: 'running', step: resume ? await stepOf(resume) : 0, steps });
  if (!resume) {
    const lost = await lostText(
      prepared.learned.map(({ text }) => text),
      loaded,
    );
    if (lost) await onNotice(lost);
    await storage.saveLessons(key, lessons, settings, onNotice);
    // Before anything changes: to this a training goes back that fails before its first checkpoint.
    await storage.save(
      0,
      new Map([...kept(files, [FILES.model, 'weights.safetensors']), ...extras]),
      note(),
      onNotice,
    );
  }
  try {
    const { step, reason } = await teachLessons({
      ...{ loaded, lessons: prepared, settings, extras, signal, between },
      storage: storage.during(note, onNotice),
      ...(resume && { resume: memoryCheckpoint(resume) }),
      callbacks: {
        onStep(now) {
          losses.push({ step: now.step, loss: now.loss });
          return callbacks.onStep(now);
        },
        onCaption: caption => callbacks.onCaption(caption),
      },
    });
    return await tell({ state: reason === 'signal' ? 'paused' : 'done', step, steps });
  } catch (error) {
    const failure = await session.failureOf(error);
    return tell({ state: 'failed', step: await stepOf(storage.latest!), steps, error: failure });
  }
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
