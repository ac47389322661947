import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError, isSimVlmError } from '@simvlm/core';
import { clearLeftovers, temporaryPath } from '@simvlm/core/node';
import type { CheckpointContents } from '../checkpoint';
import { checkNames } from '../manifest';
import { diskError } from './disk-error';
import { errorCode, type FileSystem, nodeFileSystem, removeTree } from './file-system';
import { sizeOf, writeFolder } from './write-folder';

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
  await checkNewFolder(out);
  const bytes = sizeOf(contents);
  await fs.makeFolder(dirname(out));
  await clearLeftovers(out);
  await temporaryPath(out, async temporary => {
    try {
      await writeFolder(fs, temporary, contents);
      await fs.rename(temporary, out);
      await fs.syncFolder(dirname(out));
    } catch (error) {
      await removeTree(fs, temporary).catch(() => {});
      if (isSimVlmError(error)) throw error;
      throw await diskError(fs, out, dirname(out), error, { needed: bytes });
    }
  });
  return bytes;
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
