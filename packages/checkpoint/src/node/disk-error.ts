import { dirname } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import { writeProblem } from '@simvlm/core/node';
import { errorCode, type FileSystem } from './file-system';

/**
 * The error for what could not be written, in one line that says what to do.
 *
 * @param what such as `the checkpoint runs/a/checkpoints/step-00000001`
 */
export async function diskError(
  fs: FileSystem,
  what: string,
  path: string,
  error: unknown,
  {
    needed,
    after,
  }: {
    /** Bytes that it takes, for a full disk. */
    readonly needed?: number;
    /** What else the reader wants to know, such as that earlier checkpoints are untouched. */
    readonly after?: string;
  } = {},
): Promise<CheckpointError> {
  const code = errorCode(error);
  const reason =
    code === 'ENOSPC' || code === 'EDQUOT' ? await fullDisk(fs, path, needed) : writeProblem(path, error);
  return new CheckpointError('DISK_WRITE', `cannot write ${what}: ${reason}${after ? `; ${after}` : ''}`, {
    cause: error,
  });
}

async function fullDisk(fs: FileSystem, path: string, needed: number | undefined): Promise<string> {
  if (needed === undefined) return 'the disk is full: free some space';
  const free = await freeNear(fs, path);
  const there = free === undefined ? '' : ` and ${bytesText(free)} are free`;
  return `the disk is full: it takes ${bytesText(needed)}${there}; free some space`;
}

/** Of the folder or the nearest one above it that is there. */
async function freeNear(fs: FileSystem, path: string): Promise<number | undefined> {
  for (let place = path; ; place = dirname(place)) {
    try {
      return await fs.free(place);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || dirname(place) === place) return undefined;
    }
  }
}

/** `3.2 GiB`, `15.0 MiB`, `512 bytes`. */
export function bytesText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 'bytes';
  for (const next of units) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${unit === 'bytes' ? value : value.toFixed(1)} ${unit}`;
}
