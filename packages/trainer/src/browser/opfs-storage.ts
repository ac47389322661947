import { CheckpointError, isSimVlmError } from '@simvlm/core';
import type { CheckpointFiles, CheckpointStorage } from '../checkpoint';
import { filesOf, MANIFEST, manifestBytes, manifestOf, parseManifest } from '../manifest';
import { type Directory, isNotFound, originPrivateFiles, readFile, sha256, writeFile } from './files';

export interface OpfsStorageOptions {
  /** Path below the root of the private file system, made when it is needed. Default `simvlm/checkpoints`. */
  readonly directory?: string;
  /** Newest checkpoints that stay; default 2. */
  readonly keep?: number;
  /** The root; default: that of this page's origin. */
  readonly root?: () => Promise<Directory>;
}

export interface OpfsStorage extends CheckpointStorage {
  /** Removes every checkpoint. @throws CheckpointError STORAGE_ABSENT, DISK_WRITE */
  clear(): Promise<void>;
}

/** The number of the save counts, not the step: a training that begins anew is newer than all before it. */
const FOLDER = /^save-(\d{8,})-step-\d+$/;

/**
 * Checkpoints in the origin's private file system of a browser (OPFS), in a page or a worker: what a visitor's tab has learnt survives a reload.
 *
 * Directories cannot be renamed there, so a checkpoint is one from the moment its manifest is written, the last of its files and at once.
 * What has no whole manifest was never finished: it is passed over, and removed by the next save.
 *
 * @returns `save` throws CheckpointError `STORAGE_FULL`, `STORAGE_ABSENT` or `DISK_WRITE`; the checkpoints before are untouched
 */
export function opfsStorage({
  directory = 'simvlm/checkpoints',
  keep = 2,
  root = originPrivateFiles,
}: OpfsStorageOptions = {}): OpfsStorage {
  const path = directory.split('/').filter(part => part !== '');

  /** Our directory. Without `create`: undefined where nothing was ever saved. */
  async function open(create: boolean): Promise<Directory | undefined> {
    let place = await root();
    try {
      for (const part of path) place = await place.getDirectoryHandle(part, { create });
      return place;
    } catch (error) {
      if (!create && isNotFound(error)) return undefined;
      throw error;
    }
  }

  return {
    async save(step, files) {
      const manifest = manifestBytes(await manifestOf(files, sha256));
      await reported(`cannot save the checkpoint of step ${step}`, async () => {
        const place = (await open(true))!;
        const present = await folders(place);
        const next = present.length === 0 ? 1 : present[0]!.save + 1;
        const name = `save-${String(next).padStart(8, '0')}-step-${step}`;
        try {
          const folder = await place.getDirectoryHandle(name, { create: true });
          for (const [file, bytes] of files) await writeFile(folder, file, bytes);
          await writeFile(folder, MANIFEST, manifest);
        } catch (error) {
          // Half a checkpoint would keep the storage full.
          await place.removeEntry(name, { recursive: true }).catch(() => {});
          throw error;
        }
        await removeOld(place, present, Math.max(1, keep) - 1);
      });
    },
    async latest() {
      return reported('cannot read the checkpoints', async () => {
        const place = await open(false);
        if (!place) return undefined;
        for (const { name } of await folders(place)) {
          const files = await readFinished(place, name);
          if (files) return files;
        }
        return undefined;
      });
    },
    async clear() {
      await reported('cannot remove the checkpoints', async () => {
        const place = await open(false);
        if (!place) return;
        for (const { name } of await folders(place)) await place.removeEntry(name, { recursive: true });
      });
    },
  };
}

interface Folder {
  readonly name: string;
  readonly save: number;
}

/** The newest first, unfinished ones among them. */
async function folders(place: Directory): Promise<Folder[]> {
  const found: Folder[] = [];
  for await (const name of place.keys()) {
    const match = FOLDER.exec(name);
    if (match) found.push({ name, save: Number(match[1]) });
  }
  return found.sort((a, b) => b.save - a.save);
}

/** Undefined for what was never finished. @throws CheckpointError when it was, and is damaged */
async function readFinished(place: Directory, name: string): Promise<CheckpointFiles | undefined> {
  const manifest = await finishedManifest(place, name);
  if (!manifest) return undefined;
  const folder = await place.getDirectoryHandle(name);
  const read = async (file: string) => {
    try {
      return await readFile(folder, file);
    } catch (error) {
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${name}: cannot read ${file} (${(error as Error).name}); use another checkpoint`,
        { cause: error },
      );
    }
  };
  return filesOf(name, manifest, read, sha256);
}

async function finishedManifest(place: Directory, name: string) {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(await place.getDirectoryHandle(name), MANIFEST);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  try {
    return parseManifest(name, bytes);
  } catch {
    // Written in place where a browser has no `createWritable`, and cut off by a crash.
    return undefined;
  }
}

/** An old checkpoint that cannot be removed harms nobody; the next save tries again. */
async function removeOld(place: Directory, present: readonly Folder[], keep: number): Promise<void> {
  let kept = 0;
  for (const { name } of present) {
    const stays = kept < keep && (await finishedManifest(place, name).catch(() => undefined)) !== undefined;
    if (stays) kept++;
    else await place.removeEntry(name, { recursive: true }).catch(() => {});
  }
}

/** What a browser throws, as errors that say what to do. */
async function reported<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (isSimVlmError(error)) throw error;
    const { name, message } = error as Error;
    const isFull = name === 'QuotaExceededError';
    throw new CheckpointError(
      isFull ? 'STORAGE_FULL' : name === 'SecurityError' ? 'STORAGE_ABSENT' : 'DISK_WRITE',
      isFull
        ? `${what}: the browser's storage for this page is full: free some disk space; earlier checkpoints are untouched`
        : `${what}: ${message} (${name}); earlier checkpoints are untouched`,
      { cause: error },
    );
  }
}
