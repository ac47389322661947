import { basename, dirname, join } from 'node:path';
import { memoryBytes } from '@simvlm/bytes';
import { CheckpointError, isSimVlmError } from '@simvlm/core';
import type { CheckpointContents, CheckpointStorage, SaveOptions } from '../checkpoint';
import { checkNames, MANIFEST, type Manifest, manifestBytes, noted } from '../manifest';
import { bestCheckpoint, type KeepRules, outdated, type SavedCheckpoint } from '../retention';
import { diskError } from './disk-error';
import { errorCode, type FileSystem, nodeFileSystem, removeTree } from './file-system';
import { type FolderCheckpoint, openFolder, readManifest } from './folder-checkpoint';
import { sizeOf, writeFile, writeFolder } from './write-folder';

export interface FolderStorageOptions {
  /** Which checkpoints stay; default: the last two. */
  readonly keep?: KeepRules;
  readonly fileSystem?: FileSystem;
}

export interface FolderStorage extends CheckpointStorage {
  latest(): Promise<FolderCheckpoint | undefined>;
  best(): Promise<FolderCheckpoint | undefined>;
  open(step: number): Promise<FolderCheckpoint | undefined>;
  /**
   * Makes an earlier checkpoint of this folder the newest: training goes on from it, and the later ones are abandoned.
   *
   * @returns the names of those that were newer, newest first
   * @throws CheckpointError DISK_WRITE
   */
  goBackTo(checkpoint: FolderCheckpoint): Promise<string[]>;
}

/** `.old`: what a save of the same step replaces, until the new one has its place. */
const FOLDER = /^step-(\d{8,})(?:\.old)?$/;
/** What a save or a removal that was cut off leaves behind. */
const LEFTOVER = /^\.step-.*\.(?:tmp|removed)-\d+$/;
/** Names the best checkpoint of a run, beside which no folder of that name is. */
const BEST = 'best';
const MANIFEST_LEFTOVER = `.${MANIFEST}.tmp`;

/**
 * Checkpoints as folders `step-00001234` under `root`: written beside their place, synced to the disk, then renamed, so that a folder of
 * that name is always complete, and so is its removal. What a crash left behind is removed by the next save.
 *
 * The newest checkpoint is the one that was saved last, whatever its step. One process writes at a time: see `lockFolder`.
 */
export function folderStorage(
  root: string,
  { keep, fileSystem: fs = nodeFileSystem }: FolderStorageOptions = {},
): FolderStorage {
  return {
    async save(step, contents, options = {}) {
      checkNames(contents.keys());
      const place = join(root, `step-${String(step).padStart(8, '0')}`);
      const needed = sizeOf(contents);
      try {
        await save(fs, root, place, contents, options);
      } catch (error) {
        if (isSimVlmError(error)) throw error;
        const after = `earlier checkpoints in ${root} are untouched`;
        throw await diskError(fs, `the checkpoint ${place}`, root, error, { needed, after });
      }
      await removeOutdated(fs, root, keep);
    },
    async latest() {
      const newest = newestOf(await savedCheckpoints(fs, root));
      return newest && openFolder(join(root, newest.name), fs);
    },
    async best() {
      const best = bestCheckpoint(await savedCheckpoints(fs, root));
      return best && openFolder(join(root, best.name), fs);
    },
    async open(step) {
      const found = (await savedCheckpoints(fs, root)).find(each => each.step === step);
      return found && openFolder(join(root, found.name), fs);
    },
    async goBackTo({ folder, manifest }) {
      const present = await savedCheckpoints(fs, root);
      const at = present.findIndex(({ name }) => name === basename(folder));
      if (at <= 0) return [];
      try {
        await rewriteManifest(fs, folder, { ...manifest, saved: present[0]!.saved + 1 });
      } catch (error) {
        throw await diskError(fs, join(folder, MANIFEST), folder, error);
      }
      return present.slice(0, at).map(({ name }) => name);
    },
  };
}

/**
 * Opens a checkpoint: a folder with a manifest, a folder of such folders, or a run folder with `checkpoints/` in it; of several the one that was
 * saved last. Sizes are checked; contents are verified as they are read. `RUN/best`, where there is no such folder, is the best checkpoint
 * of `RUN` by the metric that the run is judged by.
 *
 * @throws CheckpointError when there is none, or it is damaged
 */
export async function openCheckpoint(
  path: string,
  fs: FileSystem = nodeFileSystem,
): Promise<FolderCheckpoint> {
  return openFolder(await findCheckpoint(path, fs), fs);
}

async function findCheckpoint(path: string, fs: FileSystem): Promise<string> {
  let entries: string[];
  try {
    entries = await fs.list(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' && basename(path) === BEST) return findBest(dirname(path), fs);
    const reason =
      code === 'ENOENT'
        ? 'there is no such folder'
        : code === 'ENOTDIR'
          ? 'it is a file; give the folder of a checkpoint or a run'
          : `it cannot be read (${code})`;
    throw new CheckpointError('CHECKPOINT_NOT_FOUND', `no checkpoint at ${path}: ${reason}`, {
      cause: error,
    });
  }
  if (entries.includes(MANIFEST) || FOLDER.test(basename(path))) return path;
  return chosen(path, fs, newestOf, 'it holds no folder named step-…');
}

function findBest(run: string, fs: FileSystem): Promise<string> {
  const without =
    'none of its checkpoints states a metric; a run states one that evaluates and names its best';
  return chosen(run, fs, bestCheckpoint, without);
}

/** One of the checkpoints of a run, or of a folder of them. @param without says why there is none to choose */
async function chosen(
  path: string,
  fs: FileSystem,
  choose: (newestFirst: readonly Saved[]) => Saved | undefined,
  without: string,
): Promise<string> {
  for (const folder of [path, join(path, 'checkpoints')]) {
    const found = choose(await savedCheckpoints(fs, folder));
    if (found) return join(folder, found.name);
  }
  throw new CheckpointError('CHECKPOINT_NOT_FOUND', `no checkpoint in ${path}: ${without}`);
}

async function save(
  fs: FileSystem,
  root: string,
  place: string,
  contents: CheckpointContents,
  options: SaveOptions,
): Promise<void> {
  await fs.makeFolder(root);
  await clearLeftovers(fs, root);
  const present = await savedCheckpoints(fs, root);
  const temporary = join(root, `.${basename(place)}.tmp-${process.pid}`);
  const saved = 1 + (present[0]?.saved ?? 0);
  try {
    await writeFolder(fs, temporary, contents, { saved, ...noted(options) });
    await putInPlace(fs, temporary, place, present);
    await fs.syncFolder(root);
  } catch (error) {
    // Half a checkpoint would keep a full disk full. What cannot be removed now, the next save removes.
    await removeTree(fs, temporary).catch(() => {});
    throw error;
  }
}

/** At every moment either the folder of a step or its `.old` is a complete checkpoint. */
async function putInPlace(
  fs: FileSystem,
  temporary: string,
  place: string,
  present: readonly SavedCheckpoint[],
): Promise<void> {
  const names = present.map(({ name }) => name);
  if (!names.includes(basename(place))) return fs.rename(temporary, place);
  const aside = `${place}.old`;
  if (names.includes(basename(aside))) await removeCheckpoint(fs, aside);
  await fs.rename(place, aside);
  try {
    await fs.rename(temporary, place);
  } catch (error) {
    await fs.rename(aside, place);
    throw error;
  }
}

/** Renamed first: a folder whose removal is cut off must not look like a checkpoint. */
async function removeCheckpoint(fs: FileSystem, folder: string): Promise<void> {
  const aside = join(dirname(folder), `.${basename(folder)}.removed-${process.pid}`);
  await fs.rename(folder, aside);
  await removeTree(fs, aside);
}

/** An old checkpoint that cannot be removed harms nobody; the next save tries again. */
async function removeOutdated(fs: FileSystem, root: string, keep: KeepRules | undefined): Promise<void> {
  try {
    const present = await savedCheckpoints(fs, root);
    const names = present.map(({ name }) => name);
    // What the folder of the same step has replaced.
    const replaced = names.filter(name => names.some(other => name === `${other}.old`));
    const rest = present.filter(({ name }) => !replaced.includes(name));
    for (const name of [...replaced, ...outdated(rest, keep).map(each => each.name)])
      await removeCheckpoint(fs, join(root, name));
  } catch {
    // The checkpoint itself is safe.
  }
}

async function clearLeftovers(fs: FileSystem, root: string): Promise<void> {
  for (const entry of await fs.list(root)) if (LEFTOVER.test(entry)) await removeTree(fs, join(root, entry));
}

interface Saved extends SavedCheckpoint {
  /** Its manifest cannot be read: when it was saved is not known. */
  readonly damaged: boolean;
}

/** The newest; a damaged one that may be newer comes first, as going back behind it without a word would lose work. */
function newestOf(newestFirst: readonly Saved[]): Saved | undefined {
  const [newest] = newestFirst;
  return newestFirst.find(({ damaged, step }) => damaged && step >= newest!.step) ?? newest;
}

/**
 * The checkpoints of a folder, newest first, damaged ones last.
 *
 * @throws CheckpointError when the folder cannot be read
 */
async function savedCheckpoints(fs: FileSystem, root: string): Promise<Saved[]> {
  let entries: string[];
  try {
    entries = await fs.list(root);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new CheckpointError('CHECKPOINT_NOT_FOUND', `cannot read the folder ${root} (${code})`, {
      cause: error,
    });
  }
  const found: Saved[] = [];
  for (const name of entries) {
    const match = FOLDER.exec(name);
    if (!match) continue;
    const manifest = await readManifest(join(root, name), fs).catch(() => undefined);
    const { saved = 0, ...rest } = manifest ?? {};
    found.push({ name, saved, step: Number(match[1]), damaged: !manifest, ...noted(rest) });
  }
  // Older versions did not count saves: among their checkpoints the highest step is the newest.
  return found.sort((a, b) => Number(a.damaged) - Number(b.damaged) || b.saved - a.saved || b.step - a.step);
}

/** In place by a rename, so that a crash leaves the one before or this. */
async function rewriteManifest(fs: FileSystem, folder: string, manifest: Manifest): Promise<void> {
  const beside = join(folder, MANIFEST_LEFTOVER);
  await writeFile(fs, beside, memoryBytes(manifestBytes(manifest)));
  await fs.rename(beside, join(folder, MANIFEST));
  await fs.syncFolder(folder);
}
