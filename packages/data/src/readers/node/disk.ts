import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { DataError } from '@simvlm/core';
import { fileBytes } from '../../files';
import type { DataFile, Folder } from '../folder';

/** A file on a disk. */
export function diskFile(path: string): DataFile {
  return { name: path, open: () => fileBytes(path) };
}

/** A folder on a disk. */
export function diskFolder(path: string): Folder {
  return {
    name: path,
    file: below => diskFile(join(path, ...below.split('/'))),
    async list() {
      try {
        const entries = await readdir(path, { recursive: true, withFileTypes: true });
        return entries
          .filter(entry => entry.isFile() || entry.isSymbolicLink())
          .map(entry => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'))
          .sort();
      } catch (error) {
        throw new DataError('DATA_NOT_FOUND', `cannot read the folder ${path}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
  };
}
