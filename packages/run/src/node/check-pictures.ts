import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, SkipLog, type SkipReport } from '@simvlm/core';
import type { FolderDataset } from '@simvlm/data/node';
import { pictureFormat } from '@simvlm/image';
import type { Reporter } from '../reporter';
import { countOf, warnOfSkipped } from '../skipped';

/** Pictures that are looked at before a run; of more, the others are found when they are needed. */
const MOST = 50_000;
/** Files that are looked at side by side: more does not make a disk faster. */
const AT_ONCE = 16;
/** Bytes of a file that say which format it is. */
const HEAD = 32;

/** The pictures of a folder: the indices of its lines that have one. */
export interface FolderPictures {
  readonly name: string;
  readonly folder: FolderDataset;
  readonly indices: readonly number[];
}

/**
 * Looks at every picture file once before a run and names those that cannot be used: that is known now, and hours of training later it is
 * too late. A file that is there and begins as a picture passes; any other is decoded, so that the decoder decides. Damage further inside
 * shows when the picture is needed.
 *
 * @returns what cannot be used
 * @throws DataError when that is every picture; the signal's reason on abort
 */
export async function checkPictures(
  { name, folder, indices }: FolderPictures,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<SkipReport> {
  // Several captions may be of one picture.
  const files = new Map(indices.map(index => [folder.lines[index]!.image!, index]));
  const chosen = [...files].slice(0, MOST);
  if (files.size > MOST)
    reporter.note(
      `${name}: looking at the first ${MOST.toLocaleString('en')} of ${countOf(files.size, 'picture')} before the start`,
    );
  const doubtful = new Set<number>();
  let next = 0;
  const worker = async () => {
    while (next < chosen.length) {
      signal?.throwIfAborted();
      const [image, index] = chosen[next++]!;
      if (!(await beginsAsPicture(join(name, image)))) doubtful.add(index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const log = new SkipLog();
  // One after the other, in order: decoding takes memory.
  for (const [, index] of chosen) {
    if (!doubtful.has(index)) continue;
    signal?.throwIfAborted();
    try {
      await folder.get(index);
    } catch (error) {
      log.add(index, error);
    }
  }
  const report = log.report();
  const { count, reasons } = report;
  if (count > 0 && count === files.size)
    throw new DataError(
      'DATA_INVALID',
      `${name}: none of ${countOf(count, 'picture')} can be used; the first: ${reasons[0]}`,
    );
  warnOfSkipped(
    reporter,
    `${name}: ${count.toLocaleString('en')} of ${countOf(files.size, 'picture')} cannot be used:`,
    report,
  );
  return report;
}

/** A regular file that begins as a format which every decoder knows. */
async function beginsAsPicture(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    // To open a named pipe would wait for its writer.
    if (!(await stat(path)).isFile()) return false;
    file = await open(path);
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD), 0, HEAD, 0);
    const format = pictureFormat(buffer.subarray(0, bytesRead));
    return format !== undefined && !['SVG', 'HEIC', 'BMP'].includes(format);
  } catch {
    // Why not is said by whoever reads it whole.
    return false;
  } finally {
    await file?.close();
  }
}
