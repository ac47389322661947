import {
  type CheckpointFiles,
  type CheckpointStorage,
  checkpointFiles,
  collect,
  FILES,
  fileOf,
  memoryCheckpoint,
} from '@simvlm/checkpoint';
import { type OpfsStorageOptions, opfsStorage } from '@simvlm/checkpoint/browser';
import { CheckpointError, isSimVlmError, parseJson } from '@simvlm/core';
import { checkpointTrainerState } from '@simvlm/trainer';
import type { Knowledge, Lesson, SavedTraining, StudioFailure, TeachSettings } from './engine';
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

/** Told of what cannot be kept. */
type OnNotice = (notice: StudioFailure) => Promise<void>;

/**
 * The last checkpoint and the one before it, in memory and, where the browser keeps files, in OPFS. What cannot be kept is reported, and
 * stays in memory: no training ends for want of storage.
 */
export class StudioStorage {
  #latest: CheckpointFiles | undefined;
  /** The checkpoint that was in use before the last training, import or reset. */
  #before: CheckpointFiles | undefined;
  readonly #checkpoints;
  readonly #befores;

  /** @param root of the private file system, for tests */
  constructor(root?: OpfsStorageOptions['root']) {
    const where = root ? { root } : {};
    this.#checkpoints = opfsStorage({ directory: 'caption-studio/checkpoints', ...where });
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
    this.#before = undefined;
  }

  /** Keeps what a training begins with, and saves that as the latest: to this a training goes back that fails before its first checkpoint. */
  async begin(
    files: CheckpointFiles,
    extras: CheckpointFiles,
    note: SessionNote,
    onNotice: OnNotice,
  ): Promise<void> {
    // A training that failed before its first checkpoint has changed nothing, and left what is before it.
    if (!this.#latest?.has(NOTE) || !isBegun(this.#latest)) {
      const before = this.#latest ?? files;
      this.#before = before;
      await noticed(() => this.#befores.save(0, before), onNotice);
    }
    await this.save(0, new Map([...files, ...extras]), note, onNotice);
  }

  /** The checkpoint before, with the studio's own file where it has one: the shipped one has none. */
  async before(): Promise<CheckpointFiles | undefined> {
    const kept = this.#before ? undefined : await ifKept(() => this.#befores.latest());
    if (kept) this.#before = await checkpointFiles(kept);
    return this.#before;
  }

  /** What the model is called that `undo` goes back to; undefined where there is none, or it is damaged. */
  async nameBefore(): Promise<string | undefined> {
    try {
      const kept = this.#before ? memoryCheckpoint(this.#before) : await ifKept(() => this.#befores.latest());
      if (!kept) return undefined;
      return kept.names.includes(NOTE) ? (parse(await fileOf(kept, NOTE)) as SessionNote).name : 'shipped';
    } catch (error) {
      if (!isSimVlmError(error)) throw error;
      return undefined;
    }
  }

  /**
   * The latest and the checkpoint before it change places, so that nothing is lost by it.
   *
   * @param shipped what is in use where there is no latest
   */
  async undo(shipped: () => Promise<CheckpointFiles>, onNotice: OnNotice): Promise<void> {
    const before = await this.before();
    if (before) await this.replace(before.has(NOTE) ? before : undefined, shipped, onNotice);
  }

  /**
   * Another checkpoint, with the studio's own file, is the latest; what was in use is the one before.
   *
   * @param next absent: the shipped one
   * @param shipped what is in use where there is no latest
   */
  async replace(
    next: CheckpointFiles | undefined,
    shipped: () => Promise<CheckpointFiles>,
    onNotice: OnNotice,
  ): Promise<void> {
    const before = this.#latest ?? (await shipped());
    this.#before = before;
    this.#latest = next;
    const keepBefore = () => noticed(() => this.#befores.save(0, before), onNotice);
    // Whatever the page is closed in the middle of, what was in use is somewhere.
    if (next) {
      const step = await stepOf(next);
      await noticed(() => this.#checkpoints.save(step, next), onNotice);
      await keepBefore();
    } else {
      await keepBefore();
      await ifKept(() => this.#checkpoints.clear());
    }
  }

  /** Where a training puts its checkpoints. */
  during(note: () => SessionNote, onNotice: OnNotice): CheckpointStorage {
    return {
      save: async (step, contents) => this.save(step, await collect(contents), note(), onNotice),
      latest: async () => this.#latest && memoryCheckpoint(this.#latest),
      best: () => this.#checkpoints.best(),
      open: step => this.#checkpoints.open(step),
    };
  }

  async save(step: number, files: CheckpointFiles, note: SessionNote, onNotice: OnNotice): Promise<void> {
    const all = withNote(files, note);
    this.#latest = all;
    await noticed(() => this.#checkpoints.save(step, all), onNotice);
  }

  /** How the training stands that the latest is of, if it is one on these lessons. */
  async training(lessons: readonly Lesson[]): Promise<SavedTraining | undefined> {
    const { note } = this;
    if (!note?.settings || note.key !== (await sessionKey(lessons, note.settings))) return undefined;
    const { settings, losses, knowledge = [], savedAt } = note;
    return { settings, step: await stepOf(this.#latest!), losses, knowledge, savedAt };
  }

  /** Goes on without what was loaded. */
  forget(): void {
    this.#latest = undefined;
  }
}

/** The steps that a checkpoint's training had taken; 0 where it had not begun. */
export async function stepOf(files: CheckpointFiles): Promise<number> {
  return files.has(FILES.trainer) ? (await checkpointTrainerState(memoryCheckpoint(files))).step : 0;
}

/** A checkpoint with the studio's own file. */
export function withNote(files: CheckpointFiles, note: SessionNote): CheckpointFiles {
  return new Map([...files, [NOTE, json(note)]]);
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

async function noticed(save: () => Promise<void>, onNotice: OnNotice) {
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
