import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError, isSimVlmError } from '@simvlm/core';
import { clearLeftovers, temporaryPath } from '@simvlm/core/node';
import type { CheckpointContents } from '../checkpoint';
import { checkNames } from '../manifest';
import { diskError } from './disk-error';
import { errorCode, type FileSystem, nodeFileSystem, removeTree } from './file-system';
import { sizeOf, writeFiles, writeFolder } from './write-folder';

/**
 * Writes one checkpoint as a folder of its own, complete or not at all: it is written beside its place, then renamed.
 *
 * @param out a new folder, or an empty one
 * @returns bytes of its files
 * @throws ConfigError when there is something at `out`; CheckpointError DISK_WRITE
 */
export async function writeCheckpointFolder(
  out: string,
  contents: CheckpointContents,
  fs: FileSystem = nodeFileSystem,
): Promise<number> {
  checkNames(contents.keys());
  return writeBeside(out, contents, fs, temporary => writeFolder(fs, temporary, contents));
}

/**
 * As `writeCheckpointFolder`, of files that are no checkpoint: there is no manifest.
 *
 * @throws as `writeCheckpointFolder`
 */
export async function writeNewFolder(
  out: string,
  contents: CheckpointContents,
  fs: FileSystem = nodeFileSystem,
): Promise<number> {
  checkNames(contents.keys());
  return writeBeside(out, contents, fs, async temporary => {
    await writeFiles(fs, temporary, contents);
    await fs.syncFolder(temporary);
  });
}

async function writeBeside(
  out: string,
  contents: CheckpointContents,
  fs: FileSystem,
  write: (temporary: string) => Promise<void>,
): Promise<number> {
  await checkNewFolder(out);
  const bytes = sizeOf(contents);
  try {
    await fs.makeFolder(dirname(out));
    await clearLeftovers(out);
    await temporaryPath(out, temporary => writeAndRename(fs, temporary, out, write));
  } catch (error) {
    if (isSimVlmError(error)) throw error;
    throw await diskError(fs, out, dirname(out), error, { needed: bytes });
  }
  return bytes;
}

/** Leaves nothing behind where it fails. */
async function writeAndRename(
  fs: FileSystem,
  temporary: string,
  out: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  let place = temporary;
  try {
    await write(temporary);
    await fs.rename(temporary, out);
    place = out;
    await fs.syncFolder(dirname(out));
  } catch (error) {
    await removeTree(fs, place).catch(() => {});
    throw error;
  }
}

/** Nothing is written over. @throws ConfigError when there is a file, or a folder that holds something */
export async function checkNewFolder(out: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(out)).isDirectory();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw await diskError(nodeFileSystem, out, dirname(out), error);
  }
  if (!isFolder || (await readdir(out)).length > 0)
    throw new ConfigError('CONFIG_INVALID', `${out} is there already: give a new folder`);
}
