import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import type { CheckpointFiles, CheckpointStorage } from '../checkpoint';
import { filesOf, MANIFEST, manifestBytes, manifestOf, parseManifest } from '../manifest';
import { type FileSystem, nodeFileSystem } from './file-system';

export interface FolderStorageOptions {
  /** Newest checkpoints that stay; default 2. */
  readonly keep?: number;
  readonly fileSystem?: FileSystem;
}

const FOLDER = /^step-(\d{8,})$/;
const UNFINISHED = /^\.step-\d+\.tmp-/;

/**
 * Checkpoints as folders `step-00001234` under `root`: written beside their place, synced to the disk, then renamed, so that
 * a folder of that name is always complete. What a crash left behind is removed by the next save.
 *
 * The newest checkpoint is the one of the highest step; a new run needs a root of its own.
 */
export function folderStorage(
  root: string,
  { keep = 2, fileSystem: fs = nodeFileSystem }: FolderStorageOptions = {},
): CheckpointStorage {
  return {
    async save(step, files) {
      const name = `step-${String(step).padStart(8, '0')}`;
      const temporary = join(root, `.${name}.tmp-${process.pid}`);
      const manifest = manifestBytes(await manifestOf(files, digest));
      try {
        await fs.makeFolder(root);
        const leftovers = (await fs.list(root)).filter(entry => UNFINISHED.test(entry));
        for (const entry of leftovers) await fs.remove(join(root, entry));
        if (await isSaved(fs, join(root, name), manifest)) return;
        await fs.makeFolder(temporary);
        for (const [file, bytes] of files) await fs.writeSynced(join(temporary, file), bytes);
        await fs.writeSynced(join(temporary, MANIFEST), manifest);
        await fs.syncFolder(temporary);
        await putInPlace(fs, temporary, join(root, name));
        await fs.syncFolder(root);
      } catch (error) {
        await fs.remove(temporary).catch(() => {});
        throw writeError(join(root, name), error);
      }
      await removeOld(fs, root, name, keep);
    },
    async latest() {
      const newest = (await checkpointNames(fs, root)).at(-1);
      return newest === undefined ? undefined : readCheckpointFolder(join(root, newest), fs);
    },
  };
}

/**
 * Reads a checkpoint: a folder `step-…`, a folder of such folders, or a run folder with `checkpoints/` in it.
 *
 * @throws CheckpointError when there is none, or when a file is missing, cut off or changed
 */
export async function loadCheckpoint(
  path: string,
  fs: FileSystem = nodeFileSystem,
): Promise<CheckpointFiles> {
  return readCheckpointFolder(await findCheckpoint(path, fs), fs);
}

async function findCheckpoint(path: string, fs: FileSystem): Promise<string> {
  const entries = await fs.list(path).catch(() => {
    throw new CheckpointError('CHECKPOINT_NOT_FOUND', `no checkpoint at ${path}: there is no such folder`);
  });
  if (entries.includes(MANIFEST) || FOLDER.test(basename(path))) return path;
  for (const folder of [path, join(path, 'checkpoints')]) {
    const newest = (await checkpointNames(fs, folder)).at(-1);
    if (newest !== undefined) return join(folder, newest);
  }
  throw new CheckpointError(
    'CHECKPOINT_NOT_FOUND',
    `no checkpoint in ${path}: it holds no folder named step-…`,
  );
}

async function readCheckpointFolder(folder: string, fs: FileSystem): Promise<CheckpointFiles> {
  const read = async (name: string) => {
    try {
      return new Uint8Array(await fs.read(join(folder, name)));
    } catch (error) {
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${folder}: cannot read ${name} (${(error as NodeJS.ErrnoException).code}); use another checkpoint`,
        { cause: error },
      );
    }
  };
  return filesOf(folder, parseManifest(folder, await read(MANIFEST)), read, digest);
}

async function checkpointNames(fs: FileSystem, root: string): Promise<string[]> {
  const entries = await fs.list(root).catch(error => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw new CheckpointError('CHECKPOINT_NOT_FOUND', `cannot read the folder ${root} (${error.code})`, {
      cause: error,
    });
  });
  const step = (name: string) => Number(FOLDER.exec(name)![1]);
  return entries.filter(name => FOLDER.test(name)).sort((a, b) => step(a) - step(b));
}

/** A run that was resumed and stopped at once saves its step again: the same content, which is best left alone. */
async function isSaved(fs: FileSystem, place: string, manifest: Uint8Array): Promise<boolean> {
  if (!(await fs.list(dirname(place))).includes(basename(place))) return false;
  const present = await readCheckpointFolder(place, fs).catch(() => undefined);
  return present !== undefined && equal(manifestBytes(await manifestOf(present, digest)), manifest);
}

/**
 * A folder of the same step with other content makes way only until the new one has its place, and comes back when that
 * fails.
 */
async function putInPlace(fs: FileSystem, temporary: string, place: string): Promise<void> {
  if (!(await fs.list(dirname(place))).includes(basename(place))) return fs.rename(temporary, place);
  const aside = `${temporary}-before`;
  await fs.rename(place, aside);
  try {
    await fs.rename(temporary, place);
  } catch (error) {
    await fs.rename(aside, place);
    throw error;
  }
  // The next save tries again.
  await fs.remove(aside).catch(() => {});
}

/** An old checkpoint that cannot be removed harms nobody. The one just saved stays, even behind an abandoned future. */
async function removeOld(fs: FileSystem, root: string, saved: string, keep: number): Promise<void> {
  const names = await checkpointNames(fs, root).catch(() => [saved]);
  const others = names.filter(name => name !== saved);
  for (const name of others.slice(0, Math.max(0, names.length - Math.max(1, keep))))
    await fs.remove(join(root, name)).catch(() => {});
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function writeError(path: string, error: unknown): CheckpointError {
  const { code = 'unknown', message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOSPC: 'the disk is full: free some space',
    EACCES: 'permission denied',
    EROFS: 'the disk is read-only',
  };
  return new CheckpointError(
    'DISK_WRITE',
    `cannot write the checkpoint ${path}: ${reasons[code] ?? message}; earlier checkpoints in ${dirname(path)} are untouched`,
    { cause: error },
  );
}
