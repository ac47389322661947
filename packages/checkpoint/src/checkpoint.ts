import { type ByteSource, type FileContent, memoryBytes, wholeBytes } from '@simvlm/bytes';
import { CheckpointError, type MakeError, parseJsonObject } from '@simvlm/core';
import type { MetricValue } from './retention';

/** What a checkpoint is to hold, by file name; bytes in memory or contents that are written in parts. */
export type CheckpointContents = ReadonlyMap<string, Uint8Array | FileContent>;

/** Small files in memory, by name. */
export type CheckpointFiles = ReadonlyMap<string, Uint8Array>;

/** An open checkpoint: its files are known, and read when they are asked for. */
export interface Checkpoint {
  /** Names it in messages: a path, or such as "the folder". */
  readonly where: string;
  readonly names: readonly string[];
  /** Whether reading a byte means to transfer it: then files of tensors are not read once beforehand to verify them. */
  readonly remote?: boolean;
  /** A file for reading in part. Its size is checked, its contents are not: see `verify`. @throws CheckpointError when it is not there */
  file(name: string): Promise<ByteSource>;
  /** Reads a file once from end to end. @throws CheckpointError when its contents are not those that were written */
  verify(name: string): Promise<void>;
}

/** What can be said of a checkpoint as it is saved. */
export interface SaveOptions {
  /** Smoothed loss in nats per token: a run that diverges keeps the checkpoint from before. */
  readonly loss?: number;
  /** What the run is judged by, where it was measured at this step: storages keep the best, and find it again. */
  readonly metric?: MetricValue;
}

/** Where checkpoints go: a folder in Node, OPFS in a browser, memory in a test. */
export interface CheckpointStorage {
  /** Keeps all files under this step, completely or not at all. @throws CheckpointError DISK_WRITE, STORAGE_FULL, STORAGE_ABSENT */
  save(step: number, contents: CheckpointContents, options?: SaveOptions): Promise<void>;
  /** The checkpoint that was saved last and completely, or none. @throws CheckpointError when it is damaged */
  latest(): Promise<Checkpoint | undefined>;
  /** The best of those that are kept, by the metric that saves stated, or none. @throws CheckpointError when it is damaged */
  best(): Promise<Checkpoint | undefined>;
  /** The checkpoint of a step, saved last of several, where it is still kept. @throws CheckpointError when it is damaged */
  open(step: number): Promise<Checkpoint | undefined>;
}

/** The largest file that is read as a whole: a tokenizer, JSON. Weights are read by tensor. */
const WHOLE_FILE_LIMIT = 256 * 2 ** 20;

/** A small file, verified. @throws CheckpointError when it is not there, damaged, or too large to be read as a whole */
export async function fileOf(checkpoint: Checkpoint, name: string): Promise<Uint8Array> {
  const file = await checkpoint.file(name);
  if (file.size > WHOLE_FILE_LIMIT)
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${checkpoint.where}: ${name} has ${file.size} bytes, more than any file of its kind`,
    );
  await checkpoint.verify(name);
  return wholeBytes(file);
}

/** A JSON object of a checkpoint. @throws CheckpointError when it is missing, damaged or no JSON object */
export async function jsonOf(checkpoint: Checkpoint, name: string): Promise<Record<string, unknown>> {
  const makeError: MakeError = (message, options) =>
    new CheckpointError('CHECKPOINT_INVALID', message, options);
  return parseJsonObject(await fileOf(checkpoint, name), name, makeError);
}

/** JSON as a file. */
export function jsonFile(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** Files in memory as a checkpoint. Nothing is copied. */
export function memoryCheckpoint(files: CheckpointFiles, where = 'the checkpoint'): Checkpoint {
  return {
    where,
    names: [...files.keys()],
    async file(name) {
      const bytes = files.get(name);
      if (!bytes) throw missingFile(where, name, [...files.keys()]);
      return memoryBytes(bytes);
    },
    // What is in memory is what was put there.
    async verify() {},
  };
}

/** The error for a file that a checkpoint does not have. */
export function missingFile(where: string, name: string, names: readonly string[]): CheckpointError {
  return new CheckpointError(
    'CHECKPOINT_INVALID',
    `${where} has no ${name}; it holds ${names.join(', ') || 'nothing'}`,
  );
}

/** All files in memory: for small checkpoints, such as a page keeps. */
export async function checkpointFiles(checkpoint: Checkpoint): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of checkpoint.names) files.set(name, await fileOf(checkpoint, name));
  return files;
}

/** Contents in memory: what would be written. */
export async function collect(contents: CheckpointContents): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of contents)
    files.set(name, content instanceof Uint8Array ? content.slice() : await wholeBytes(content));
  return files;
}
