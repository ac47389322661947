import { wholeBytes } from '@simvlm/bytes';
import { CheckpointError, isSimVlmError } from '@simvlm/core';
import type { Checkpoint, CheckpointStorage } from '../checkpoint';
import {
  checkNames,
  MANIFEST,
  type Manifest,
  type ManifestEntry,
  manifestBytes,
  noted,
  parseManifest,
} from '../manifest';
import { checkSize, manifestCheckpoint } from '../manifest-checkpoint';
import { bestCheckpoint, type KeepRules, outdated, type SavedCheckpoint } from '../retention';
import { sha256 } from '../sha256';
import { type Directory, isNotFound, openFile, originPrivateFiles, writeFile } from './files';

export interface OpfsStorageOptions {
  /** Path below the root of the private file system, made when it is needed. Default `simvlm/checkpoints`. */
  readonly directory?: string;
  /** Which checkpoints stay; default: the last two. */
  readonly keep?: KeepRules;
  /** The root; default: that of this page's origin. */
  readonly root?: () => Promise<Directory>;
}

export interface OpfsStorage extends CheckpointStorage {
  /** Removes every checkpoint. @throws CheckpointError STORAGE_ABSENT, DISK_WRITE */
  clear(): Promise<void>;
}

/** The number of the save counts, not the step: a training that begins anew is newer than all before it. */
const FOLDER = /^save-(\d{8,})-step-(\d+)$/;

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
  keep,
  root = originPrivateFiles,
}: OpfsStorageOptions = {}): OpfsStorage {
  const path = directory.split('/').filter(part => part !== '');

  /** Our directory. Without `create`: undefined where nothing was ever saved. */
  async function ours(create: boolean): Promise<Directory | undefined> {
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
    async save(step, contents, options = {}) {
      checkNames(contents.keys());
      await reported(`cannot save the checkpoint of step ${step}`, async () => {
        const place = (await ours(true))!;
        const present = await folders(place);
        const next = present.length === 0 ? 1 : present[0]!.save + 1;
        const name = `save-${String(next).padStart(8, '0')}-step-${step}`;
        try {
          const folder = await place.getDirectoryHandle(name, { create: true });
          const files: Record<string, ManifestEntry> = Object.create(null);
          for (const [file, content] of contents) files[file] = await writeFile(folder, file, content);
          const manifest: Manifest = { format: 1, saved: next, ...noted(options), files };
          await writeFile(folder, MANIFEST, manifestBytes(manifest));
        } catch (error) {
          // Half a checkpoint would keep the storage full.
          await place.removeEntry(name, { recursive: true }).catch(() => {});
          throw error;
        }
        await removeOutdated(place, keep);
      });
    },
    async latest() {
      return reported('cannot read the checkpoints', async () => {
        const place = await ours(false);
        if (!place) return undefined;
        for (const { name } of await folders(place)) {
          const checkpoint = await openFinished(place, name);
          if (checkpoint) return checkpoint;
        }
        return undefined;
      });
    },
    async best() {
      return reported('cannot read the checkpoints', async () => {
        const place = await ours(false);
        const best = place && bestCheckpoint(await finishedOnes(place, await folders(place)));
        return best && openFinished(place, best.name);
      });
    },
    async open(step) {
      return reported('cannot read the checkpoints', async () => {
        const place = await ours(false);
        const found = place && (await folders(place)).filter(each => each.step === step);
        for (const { name } of found ?? []) {
          const checkpoint = await openFinished(place!, name);
          if (checkpoint) return checkpoint;
        }
        return undefined;
      });
    },
    async clear() {
      await reported('cannot remove the checkpoints', async () => {
        const place = await ours(false);
        if (!place) return;
        for (const { name } of await folders(place)) await removeCheckpoint(place, name);
      });
    },
  };
}

interface Folder {
  readonly name: string;
  readonly save: number;
  readonly step: number;
}

/** The newest first, unfinished ones among them. */
async function folders(place: Directory): Promise<Folder[]> {
  const found: Folder[] = [];
  for await (const name of place.keys()) {
    const match = FOLDER.exec(name);
    if (match) found.push({ name, save: Number(match[1]), step: Number(match[2]) });
  }
  return found.sort((a, b) => b.save - a.save);
}

/** Undefined for what was never finished. @throws CheckpointError when it was, and a file is missing or cut off */
async function openFinished(place: Directory, name: string): Promise<Checkpoint | undefined> {
  const manifest = await finishedManifest(place, name);
  if (!manifest) return undefined;
  const folder = await place.getDirectoryHandle(name);
  const open = async (file: string, bytes: number) => {
    const source = await openFile(folder, file).catch(error => {
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${name}: cannot read ${file} (${(error as Error).name}); use another checkpoint`,
        { cause: error },
      );
    });
    checkSize(name, file, source.size, bytes);
    return source;
  };
  const checkpoint = manifestCheckpoint(name, manifest, { open, sha256 });
  for (const file of checkpoint.names) await checkpoint.file(file);
  return checkpoint;
}

async function finishedManifest(place: Directory, name: string): Promise<Manifest | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await wholeBytes(await openFile(await place.getDirectoryHandle(name), MANIFEST));
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

/** Those that were finished. */
async function finishedOnes(place: Directory, found: readonly Folder[]): Promise<SavedCheckpoint[]> {
  const finished: SavedCheckpoint[] = [];
  for (const { name, step, save } of found) {
    const manifest = await finishedManifest(place, name);
    if (manifest) finished.push({ name, step, saved: save, ...noted(manifest) });
  }
  return finished;
}

/** An old checkpoint that cannot be removed harms nobody; the next save tries again. */
async function removeOutdated(place: Directory, keep: KeepRules | undefined): Promise<void> {
  try {
    const found = await folders(place);
    const finished = await finishedOnes(place, found);
    const kept = new Set(finished.map(({ name }) => name));
    for (const { name } of outdated(finished, keep)) kept.delete(name);
    for (const { name } of found) if (!kept.has(name)) await removeCheckpoint(place, name);
  } catch {
    // The checkpoint that was just saved is safe.
  }
}

/** The manifest first: a folder whose removal is cut off must not look like a checkpoint. */
async function removeCheckpoint(place: Directory, name: string): Promise<void> {
  const folder = await place.getDirectoryHandle(name);
  await folder.removeEntry(MANIFEST).catch(error => {
    if (!isNotFound(error)) throw error;
  });
  await place.removeEntry(name, { recursive: true });
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
