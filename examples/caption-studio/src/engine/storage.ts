import {
  type CheckpointFiles,
  type CheckpointStorage,
  checkpointFiles,
  collect,
  FILES,
  memoryCheckpoint,
} from '@simvlm/checkpoint';
import { type OpfsStorageOptions, opfsStorage } from '@simvlm/checkpoint/browser';
import { CheckpointError, isSimVlmError, parseJson } from '@simvlm/core';
import { checkpointTrainerState } from '@simvlm/trainer';
import type { Knowledge, Lesson, SavedSession, StudioFailure, TeachSettings } from './engine';
import { toFailure } from './failures';

/** What the studio knows of a checkpoint beside what the trainer writes: it is a file among the others, so that all are of one moment. */
export interface SessionNote {
  /** What the model is called. */
  readonly name: string;
  readonly savedAt: string;
  /** Of a training: which lessons and settings it is of, see `sessionKey`. */
  readonly key?: string;
  readonly settings?: TeachSettings;
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  /** Of a training with a rehearsal: the captions that the model is to keep. */
  readonly rehearsed?: readonly string[];
  readonly knowledge?: readonly Knowledge[];
}

const NOTE = 'studio.json';
const LESSONS = 'lessons.json';

interface LessonNote extends Pick<Lesson, 'caption' | 'heldOut'> {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

interface LessonsFile {
  readonly key: string;
  readonly settings: TeachSettings;
  readonly savedAt: string;
  readonly lessons: readonly LessonNote[];
}

/**
 * The last checkpoint, in memory and, where the browser keeps files, in OPFS; and the lessons, once for each training. What cannot be kept
 * is reported, and stays in memory: no training ends for want of storage.
 */
export class StudioStorage {
  #latest: CheckpointFiles | undefined;
  /** The checkpoint that the last training began with. */
  #before: CheckpointFiles | undefined;
  readonly #checkpoints;
  readonly #lessons;
  readonly #befores;

  /** @param root of the private file system, for tests */
  constructor(root?: OpfsStorageOptions['root']) {
    const where = root ? { root } : {};
    this.#checkpoints = opfsStorage({ directory: 'caption-studio/checkpoints', ...where });
    this.#lessons = opfsStorage({ directory: 'caption-studio/lessons', keep: { last: 1 }, ...where });
    this.#befores = opfsStorage({ directory: 'caption-studio/before', keep: { last: 1 }, ...where });
  }

  /** The last checkpoint, with the studio's own file; see `withoutNote`. */
  get latest(): CheckpointFiles | undefined {
    return this.#latest;
  }

  get note(): SessionNote | undefined {
    return this.#latest && noteOf(this.#latest);
  }

  /** Reads what a visit before has left, for `latest`. @throws CheckpointError STORAGE_ABSENT, or when it is damaged */
  async load(): Promise<void> {
    const checkpoint = await this.#checkpoints.latest();
    this.#latest = checkpoint && (await checkpointFiles(checkpoint));
  }

  /** Keeps what a training begins with, and saves that as the latest: to this a training goes back that fails before its first checkpoint. */
  async begin(
    files: CheckpointFiles,
    extras: CheckpointFiles,
    note: SessionNote,
    onNotice: (notice: StudioFailure) => Promise<void>,
  ): Promise<void> {
    // A training that failed before its first checkpoint has changed nothing, and left what is before it.
    if (!this.#latest?.has(NOTE) || !isBegun(this.#latest)) {
      const before = this.#latest ?? files;
      this.#before = before;
      await noticed(() => this.#befores.save(0, before), onNotice);
    }
    await this.save(0, new Map([...files, ...extras]), note, onNotice);
  }

  /** The checkpoint that the last training began with, with the studio's own file where it has one. */
  async before(): Promise<CheckpointFiles | undefined> {
    const kept = this.#before ? undefined : await ifKept(() => this.#befores.latest());
    if (kept) this.#before = await checkpointFiles(kept);
    return this.#before;
  }

  /** The latest is what the last training began with: nothing, where that was no checkpoint of the studio's own. */
  async undo(onNotice: (notice: StudioFailure) => Promise<void>): Promise<void> {
    const before = await this.before();
    this.#latest = undefined;
    await ifKept(() => this.#checkpoints.clear());
    this.#before = undefined;
    await ifKept(() => this.#befores.clear());
    if (before?.has(NOTE))
      await this.save(await stepOf(before), withoutNote(before), noteOf(before), onNotice);
  }

  /** Where a training puts its checkpoints. */
  during(note: () => SessionNote, onNotice: (notice: StudioFailure) => Promise<void>): CheckpointStorage {
    return {
      save: async (step, contents) => this.save(step, await collect(contents), note(), onNotice),
      latest: async () => this.#latest && memoryCheckpoint(this.#latest),
      best: () => this.#checkpoints.best(),
      open: step => this.#checkpoints.open(step),
    };
  }

  async save(
    step: number,
    files: CheckpointFiles,
    note: SessionNote,
    onNotice: (notice: StudioFailure) => Promise<void>,
  ): Promise<void> {
    const all = new Map([...files, [NOTE, json(note)]]);
    this.#latest = all;
    await noticed(() => this.#checkpoints.save(step, all), onNotice);
  }

  async saveLessons(
    key: string,
    lessons: readonly Lesson[],
    settings: TeachSettings,
    onNotice: (notice: StudioFailure) => Promise<void>,
  ): Promise<void> {
    const files = new Map<string, Uint8Array>();
    for (const [i, { picture }] of lessons.entries())
      files.set(pictureFile(i), new Uint8Array(await picture.file.arrayBuffer()));
    const notes = lessons.map(({ picture: { id, name, file }, caption, heldOut }) => ({
      ...{ id, name, type: file.type, caption, heldOut },
    }));
    const savedAt = new Date().toISOString();
    files.set(LESSONS, json({ key, settings, savedAt, lessons: notes } satisfies LessonsFile));
    await noticed(() => this.#lessons.save(0, files), onNotice);
  }

  /** The lessons that were saved, and how far the training on them has come. @throws CheckpointError when they are damaged */
  async session(): Promise<SavedSession | undefined> {
    const checkpoint = await ifKept(() => this.#lessons.latest());
    if (!checkpoint) return undefined;
    const files = await checkpointFiles(checkpoint);
    const { key, settings, savedAt, lessons } = parse(files.get(LESSONS)) as LessonsFile;
    const note = this.note;
    const goesOn = note?.key === key;
    return {
      lessons: lessons.map(({ id, name, type, caption, heldOut }, i) => {
        const file = new Blob([files.get(pictureFile(i)) as BlobPart], { type });
        return { picture: { id, name, file }, caption, heldOut };
      }),
      settings: (goesOn && note.settings) || settings,
      step: goesOn ? await stepOf(this.#latest!) : 0,
      losses: goesOn ? note.losses : [],
      knowledge: (goesOn && note.knowledge) || [],
      savedAt: goesOn ? note.savedAt : savedAt,
    };
  }

  /** Goes on without what was loaded. */
  forget(): void {
    this.#latest = undefined;
  }

  /** Removes all of it; nothing to remove where the browser keeps nothing. */
  async clear(): Promise<void> {
    this.forget();
    await ifKept(() => this.#checkpoints.clear());
    await ifKept(() => this.#lessons.clear());
    this.#before = undefined;
    await ifKept(() => this.#befores.clear());
  }
}

/** The steps that a checkpoint's training had taken; 0 where it had not begun. */
export async function stepOf(files: CheckpointFiles): Promise<number> {
  return files.has(FILES.trainer) ? (await checkpointTrainerState(memoryCheckpoint(files))).step : 0;
}

/** A checkpoint without the studio's own file: what the command line knows. */
export function withoutNote(files: CheckpointFiles): CheckpointFiles {
  return new Map([...files].filter(([name]) => name !== NOTE));
}

/** Tells one training from another: the pictures, their captions, and what decides each step of it. */
export async function sessionKey(lessons: readonly Lesson[], settings: TeachSettings): Promise<string> {
  const { learningRate, batchSize, seed } = settings;
  const what = lessons.map(({ picture, caption, heldOut }) => [picture.id, caption, heldOut]);
  const bytes = new TextEncoder().encode(JSON.stringify([what, learningRate, batchSize, seed]));
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Undefined where the browser keeps nothing, which `load` has told. */
async function ifKept<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (isSimVlmError(error) && error.code === 'STORAGE_ABSENT') return undefined;
    throw error;
  }
}

async function noticed(save: () => Promise<void>, onNotice: (notice: StudioFailure) => Promise<void>) {
  try {
    await save();
  } catch (error) {
    if (!isSimVlmError(error)) throw error;
    await onNotice(toFailure(error));
  }
}

function noteOf(files: CheckpointFiles): SessionNote {
  return parse(files.get(NOTE)) as SessionNote;
}

/** What `begin` has saved. */
function isBegun(files: CheckpointFiles): boolean {
  return noteOf(files).key !== undefined && !files.has(FILES.trainer);
}

const pictureFile = (index: number) => `picture-${index}`;

function json(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

function parse(bytes: Uint8Array | undefined): unknown {
  return parseJson(
    bytes ?? new Uint8Array(0),
    'what this page saved',
    (message, options) => new CheckpointError('CHECKPOINT_INVALID', message, options),
  );
}
