import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HttpOptions } from '@simvlm/bytes';
import { ConfigError, DataError } from '@simvlm/core';
import { expandBraces } from '../braces';
import { type DataFile, type Folder, httpFile, httpFolder } from '../folder';
import type { DataPlace } from '../recognise';
import { diskFile, diskFolder } from './disk';

/**
 * The place that words of a command line or a configuration name: a folder, files, brace ranges such as `shards/{0000..0063}.tar`, or addresses.
 *
 * @throws ConfigError for no words, and for a folder among several; DataError for what is not there
 */
export async function placeAt(sources: readonly string[], http?: HttpOptions): Promise<DataPlace> {
  const names = sources.flatMap(expandBraces);
  const [first] = names;
  if (first === undefined) throw new ConfigError('CONFIG_INVALID', 'no source of data is named');
  const folders = await Promise.all(names.map(isFolder));
  if (!folders.includes(true))
    return { folder: folderOf(first, http), files: names.map(name => fileAt(name, http)) };
  if (names.length > 1)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${names[folders.indexOf(true)]} is a folder; a folder is read alone`,
    );
  return { folder: folderAt(first, http) };
}

/** A file at a path or an address. */
export function fileAt(name: string, http?: HttpOptions): DataFile {
  return isAddress(name) ? httpFile(new URL(name), http) : diskFile(name);
}

/** A folder at a path or an address. */
export function folderAt(name: string, http?: HttpOptions): Folder {
  return isAddress(name) ? httpFolder(new URL(name), http) : diskFolder(name);
}

/** The folder that a file lies in. */
function folderOf(name: string, http?: HttpOptions): Folder {
  return isAddress(name) ? httpFolder(new URL('.', name), http) : diskFolder(dirname(name));
}

function isAddress(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

async function isFolder(name: string): Promise<boolean> {
  if (isAddress(name)) return new URL(name).pathname.endsWith('/');
  try {
    return (await stat(name)).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError(
      'DATA_NOT_FOUND',
      `${name}: ${code === 'ENOENT' ? 'there is no such file or folder' : `cannot be read (${code})`}`,
      { cause: error },
    );
  }
}
