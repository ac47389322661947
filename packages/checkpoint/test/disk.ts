import { constants, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Checkpoint, type CheckpointFiles, checkpointFiles } from '../src/index';
import { type FileSystem, type FileWriter, nodeFileSystem } from '../src/node';

/** A folder of its own for the test that runs, gone after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simvlm-checkpoint-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Two files whose bytes tell the step, and which of several saves of it. */
export function content(step: number, version = 0): Map<string, Uint8Array> {
  const text = `${JSON.stringify({ step, version })}${'.'.repeat(100)}`;
  return new Map(
    ['weights.safetensors', 'trainer.json'].map(name => [name, new TextEncoder().encode(name + text)]),
  );
}

/** All files of a checkpoint, every byte verified. */
export async function filesOf(
  checkpoint: Promise<Checkpoint | undefined>,
): Promise<CheckpointFiles | undefined> {
  const open = await checkpoint;
  return open && checkpointFiles(open);
}

/** The disk, which nobody waits for: a process that dies leaves what it wrote, whether or not that was synced. */
export const hastyDisk: FileSystem = {
  ...nodeFileSystem,
  async create(path) {
    const file = await nodeFileSystem.create(path);
    return { ...file, sync: async () => {} };
  },
  async writeFrom(path, begin, bytes) {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      await file.truncate(begin);
      await file.write(bytes, 0, bytes.length, begin);
    } finally {
      await file.close();
    }
  },
  syncFolder: async () => {},
};

/** A disk that counts its operations. */
export interface CountingDisk extends FileSystem {
  /** So far. */
  readonly count: number;
}

/**
 * A disk on which operation `failAt` fails, and with `forever` every one after it, as if the process had died there. A write that fails has
 * written half of its bytes.
 *
 * @param code of the system's error, such as `ENOSPC`
 * @param changesOnly counts no reads: a process that dies at one leaves what one leaves that died at the change before it
 */
export function failingDisk(
  failAt: number,
  code: string,
  forever = false,
  changesOnly = false,
): CountingDisk {
  let count = 0;
  const step = async <T>(
    what: string,
    path: string,
    act: () => Promise<T>,
    half?: () => Promise<unknown>,
  ) => {
    const at = count++;
    if (at !== failAt && !(forever && at > failAt)) return act();
    if (at === failAt) await half?.();
    throw Object.assign(new Error(`${code}: made up, ${what} '${basename(path)}'`), { code });
  };
  const reading = { list: hastyDisk.list, size: hastyDisk.size, read: hastyDisk.read };
  const countedReading: typeof reading = {
    list: path => step('list', path, () => hastyDisk.list(path)),
    size: path => step('size', path, () => hastyDisk.size(path)),
    read: (path, begin, into) => step('read', path, () => hastyDisk.read(path, begin, into)),
  };
  const disk: FileSystem = {
    makeFolder: path => step('makeFolder', path, () => hastyDisk.makeFolder(path)),
    ...(changesOnly ? reading : countedReading),
    create: path =>
      step('create', path, async () => {
        const file = await hastyDisk.create(path);
        return {
          write: bytes =>
            step(
              'write',
              path,
              () => file.write(bytes),
              () => file.write(bytes.subarray(0, bytes.length / 2)),
            ),
          sync: () => step('sync', path, () => file.sync()),
          // A dead process closes its files, too.
          close: () => file.close(),
        } satisfies FileWriter;
      }),
    writeFrom: (path, begin, bytes) =>
      step(
        'writeFrom',
        path,
        () => hastyDisk.writeFrom(path, begin, bytes),
        () => hastyDisk.writeFrom(path, begin, bytes.subarray(0, bytes.length / 2)),
      ),
    syncFolder: path => step('syncFolder', path, () => hastyDisk.syncFolder(path)),
    rename: (from, to) => step('rename', from, () => hastyDisk.rename(from, to)),
    removeFile: path => step('removeFile', path, () => hastyDisk.removeFile(path)),
    removeFolder: path => step('removeFolder', path, () => hastyDisk.removeFolder(path)),
    free: path => hastyDisk.free(path),
  };
  return Object.defineProperty(disk, 'count', { get: () => count }) as CountingDisk;
}
