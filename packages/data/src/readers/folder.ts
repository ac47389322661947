import { type ByteSource, type HttpOptions, memoryBytes, openHttpBytes, wholeBytes } from '@simvlm/bytes';
import { DataError, isSimVlmError, type SampleImage } from '@simvlm/core';

/** A file that is opened when it is read. */
export interface DataFile {
  /** For messages, and as part of keys: its path or address. */
  readonly name: string;
  /** Each read is a request to a server: few large ones are better than many small ones. */
  readonly isRemote?: true;
  open(): Promise<ByteSource>;
}

/** A folder whose files are read: on a disk, behind a web server, in memory. */
export interface Folder {
  /** For messages. */
  readonly name: string;
  /** A file below the folder, by its path with "/". It is not opened yet. */
  file(path: string): DataFile;
  /** All files below it, as paths with "/", in the order of their code units; absent where they cannot be listed: on a web server. */
  list?(): Promise<readonly string[]>;
}

/** A folder of files in memory or of `Blob`s, by path. */
export function memoryFolder(files: ReadonlyMap<string, ByteSource | Uint8Array>, name = 'folder'): Folder {
  return {
    name,
    file: path => ({
      name: `${name}/${path}`,
      async open() {
        const content = files.get(path);
        if (!content) throw new DataError('DATA_NOT_FOUND', `${name}/${path}: there is no such file`);
        return content instanceof Uint8Array ? memoryBytes(content) : content;
      },
    }),
    list: async () => [...files.keys()].sort(),
  };
}

/** A folder behind a web server that serves ranges. Its files are known by name only. */
export function httpFolder(address: URL, options?: HttpOptions): Folder {
  const folder = new URL(address);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return {
    name: folder.origin + folder.pathname.replace(/\/$/, ''),
    file: path => {
      const url = new URL(folder);
      url.pathname += path.split('/').map(encodeURIComponent).join('/');
      return httpFile(url, options);
    },
  };
}

/** All files of a folder. @throws DataError for one that cannot be listed */
export async function listed(folder: Folder): Promise<readonly string[]> {
  if (folder.list) return folder.list();
  throw new DataError(
    'DATA_INVALID',
    `${folder.name}: a web server does not list its files; name a file instead`,
  );
}

/** A folder below another one. */
export function folderIn(folder: Folder, path: string): Folder {
  const { list } = folder;
  return {
    name: `${folder.name}/${path}`,
    file: below => folder.file(`${path}/${below}`),
    ...(list && {
      list: async () =>
        (await list()).filter(name => name.startsWith(`${path}/`)).map(name => name.slice(path.length + 1)),
    }),
  };
}

/** A file behind a web server that serves ranges. The server is asked for its size once. */
export function httpFile(url: URL, options?: HttpOptions): DataFile {
  let opening: Promise<ByteSource> | undefined;
  return {
    name: url.origin + decodeURI(url.pathname),
    isRemote: true,
    open() {
      opening ??= openHttpBytes(url, options);
      opening.catch(() => (opening = undefined));
      return opening;
    },
  };
}

/**
 * The path that an annotation gives, made plain: without ".", empty parts and "..".
 *
 * @param where file and place, for the message
 * @throws DataError for a path that leaves the folder, an absolute one, and none at all
 */
export function pathBelow(path: string, where: string): string {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '..' && parts.pop() === undefined) throw leaves(path, where);
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  if (/^([\\/]|[A-Za-z]:)/.test(path) || path.includes('\0')) throw leaves(path, where);
  if (parts.length === 0) throw new DataError('DATA_INVALID', `${where}: the path of the picture is empty`);
  return parts.join('/');
}

function leaves(path: string, where: string): DataError {
  return new DataError('DATA_INVALID', `${where}: "${path}" lies outside the folder`);
}

/** A picture in a folder. */
export function imageIn(folder: Folder, path: string): SampleImage {
  return { path, bytes: async () => wholeFile(folder.file(path)) };
}

/** A picture that is known by its address alone. Training reads shards: fetch addresses into shards first. */
export function imageAt(address: string): SampleImage {
  return {
    path: address,
    isRemote: true,
    bytes: async () => {
      throw new DataError('DATA_NOT_FOUND', `${address}: the picture is not stored here; fetch it first`, {
        file: address,
      });
    },
  };
}

/** All bytes of a small file. @throws DataError that names it */
export async function wholeFile(file: DataFile): Promise<Uint8Array> {
  try {
    return await wholeBytes(await file.open());
  } catch (error) {
    if (isSimVlmError(error)) throw error;
    throw new DataError('DATA_NOT_FOUND', `${file.name}: cannot be read: ${(error as Error).message}`, {
      cause: error,
      file: file.name,
    });
  }
}

/** The name of a file without its folders: what keys are made of, as the folders differ from machine to machine. */
export function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}
