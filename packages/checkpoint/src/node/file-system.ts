import {
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';

/** A file that is being written. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until the disk has it. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file operations that checkpoints are made of, so that a test can make each of them fail, or the process die at it. */
export interface FileSystem {
  makeFolder(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  /** In bytes. @throws for what is not a regular file */
  size(path: string): Promise<number>;
  /** Fills `into` from `begin` on; gives how many bytes there were. */
  read(path: string, begin: number, into: Uint8Array): Promise<number>;
  /** Makes a file, or empties it. */
  create(path: string): Promise<FileWriter>;
  /** Cuts a file off at `begin`, or makes it, writes `bytes` there and waits until the disk has them. */
  writeFrom(path: string, begin: number, bytes: Uint8Array): Promise<void>;
  /** Waits until the disk has the folder's entries. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** Of an empty folder. */
  removeFolder(path: string): Promise<void>;
  /** Bytes that may still be written there, where it is known. */
  free(path: string): Promise<number | undefined>;
}

export const nodeFileSystem: FileSystem = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  list: path => readdir(path),
  async size(path) {
    const stats = await stat(path);
    // Opening a pipe would wait for its writer, and a device has no end.
    if (!stats.isFile()) throw Object.assign(new Error(`${path} is not a file`), { code: 'not a file' });
    return stats.size;
  },
  async read(path, begin, into) {
    const file = await open(path, 'r');
    try {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await file.read(into, done, into.length - done, begin + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    } finally {
      await file.close();
    }
  },
  async create(path) {
    const file = await open(path, 'w');
    let at = 0;
    return {
      async write(bytes) {
        await writeAt(file, at, bytes);
        at += bytes.length;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  async writeFrom(path, begin, bytes) {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      await file.truncate(begin);
      await writeAt(file, begin, bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
  },
  async syncFolder(path) {
    // Windows cannot open a folder; its renames are journalled.
    if (process.platform === 'win32') return;
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  rename,
  removeFile: path => unlink(path),
  removeFolder: path => rmdir(path),
  async free(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

/** A disk that fills up may take a part at first. */
async function writeAt(file: FileHandle, begin: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, begin + done);
    done += bytesWritten;
  }
}

/** Removes a folder with all that is in it; what is not there any more is no error. */
export async function removeTree(fs: FileSystem, folder: string): Promise<void> {
  const names = await orAbsent(fs.list(folder));
  if (names === undefined) return;
  for (const name of names) {
    const path = join(folder, name);
    try {
      await orAbsent(fs.removeFile(path));
    } catch (error) {
      // What Linux and macOS say of a folder that somebody put there.
      if (!['EISDIR', 'EPERM'].includes(errorCode(error))) throw error;
      await removeTree(fs, path);
    }
  }
  await orAbsent(fs.removeFolder(folder));
}

/** What an operation gives; undefined where there is no such file. */
async function orAbsent<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The code of a system error, such as `ENOSPC`; its message where it has none. */
export function errorCode(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
