import { access, constants, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { clearLeftovers, temporaryPath } from './leftovers';

/**
 * Writes a whole file: beside its place, synced to the disk, then renamed, so that whoever reads it finds the old one or the new one,
 * whenever this process is killed. A link stays a link, and what was there keeps its permissions. A device or a pipe, which cannot be
 * replaced, is written to.
 *
 * @throws the error of the file system; nothing of ours is left behind
 */
export async function replaceFile(path: string, data: Uint8Array | string): Promise<void> {
  const place = await realpath(path).catch(() => resolve(path));
  const present = await presentFile(place);
  if (present && !present.isFile()) return writeFile(place, data);
  await clearLeftovers(place);
  await temporaryPath(place, async temporary => {
    try {
      const file = await open(temporary, 'wx', present ? present.mode & 0o777 : 0o666);
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, place);
    } catch (error) {
      // Best effort: the error that counts is the one that led here.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * Tries whether `replaceFile` could write `path` now, and changes nothing there.
 *
 * @throws the error that it would throw
 */
export async function checkReplaceable(path: string): Promise<void> {
  const place = await realpath(path).catch(() => resolve(path));
  const present = await presentFile(place);
  if (present) await access(place, constants.W_OK);
  if (present && !present.isFile()) return;
  await clearLeftovers(place);
  await tryToWrite(place);
}

/**
 * Tries whether a file or folder could be made at `path` now, with the folders above it that are missing, and changes nothing there.
 *
 * @throws the error of the file system
 */
export async function checkFolder(path: string): Promise<void> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const present = await stat(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (!present) continue;
    return tryToWrite(join(folder, 'check'));
  }
}

/** Nothing where nothing is. A folder cannot be replaced by a file. */
async function presentFile(place: string) {
  const present = await stat(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (present?.isDirectory())
    throw Object.assign(new Error(`EISDIR: ${place} is a folder`), { code: 'EISDIR', path: place });
  return present;
}

/** Makes an empty file beside `place` and removes it: permissions alone do not say whether a disk is read-only or full. */
async function tryToWrite(place: string): Promise<void> {
  await temporaryPath(place, async temporary => {
    try {
      await (await open(temporary, 'wx')).close();
    } finally {
      await rm(temporary, { force: true });
    }
  });
}
