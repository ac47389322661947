import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type ByteSource, byteSource } from '@simvlm/bytes';
import { DataError, decodeLines, isSimVlmError, type MakeError } from '@simvlm/core';
import { KeptOpen } from './kept-open';

// Without O_NONBLOCK the opening of a named pipe waits for a writer. Windows has no such flag.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const notFound: MakeError = (message, options) => new DataError('DATA_NOT_FOUND', message, options);

/** What the codes of the system mean, for those that a wrong path gives. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EACCES: 'you may not read it (permission denied)',
  EPERM: 'you may not read it (operation not permitted)',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle',
};

/** A line of a text file. */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/**
 * The bytes of a regular file. Folders, named pipes, sockets and devices are refused: they hold no bytes, or never end.
 *
 * @param makeError default: a DataError with the code DATA_NOT_FOUND
 * @throws DataError, or what `makeError` makes, that names the file and why it cannot be read
 */
export async function readRegularFile(path: string, makeError: MakeError = notFound): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await openRegularFile(path);
    return await handle.readFile();
  } catch (error) {
    throw unreadable(path, error, makeError);
  } finally {
    await handle?.close();
  }
}

/**
 * The lines of a regular file of UTF-8 text, read in parts: see `LineDecoder` of `@simvlm/core`. The lines of white space
 * alone are left out.
 *
 * @throws DataError that names the file and why it cannot be read, or file and line of what is not UTF-8 or too long
 */
export async function* textLines(path: string): AsyncGenerator<TextLine> {
  let number = 0;
  try {
    const handle = await openRegularFile(path);
    for await (const lines of decodeLines(handle.createReadStream(), path))
      for (const text of lines) {
        number++;
        if (text.trim() !== '') yield { text, number };
      }
  } catch (error) {
    throw unreadable(path, error, notFound);
  }
}

/**
 * A regular file that is read in part. It stays open while it is read, and no longer; one that shrank meanwhile is an error.
 *
 * @throws DataError DATA_NOT_FOUND that names the file and why it cannot be read; reads throw it too
 */
export async function fileBytes(path: string): Promise<ByteSource> {
  const file = new KeptOpen(() => openRegularFile(path));
  const use = async <T>(take: (handle: FileHandle) => Promise<T>): Promise<T> => {
    try {
      return await file.use(take);
    } catch (error) {
      throw unreadable(path, error, notFound);
    }
  };
  const size = await use(async handle => (await handle.stat()).size);
  return byteSource(size, (begin, into) =>
    use(async handle => {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await handle.read(into, done, into.length - done, begin + done);
        if (bytesRead === 0) throw new Error(`it ends after ${begin + done} of ${size} bytes`);
        done += bytesRead;
      }
    }),
  );
}

async function openRegularFile(path: string): Promise<FileHandle> {
  // Opening a device can have effects of its own, so it is looked at first.
  checkRegular(await stat(path));
  const handle = await open(path, FLAGS);
  try {
    // What was opened may be another file by now.
    checkRegular(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function checkRegular(stats: Stats): void {
  if (!stats.isFile()) throw new Error(`it is ${kindOf(stats)}, not a regular file`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

function unreadable(path: string, error: unknown, makeError: MakeError): unknown {
  if (isSimVlmError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? message : (reasons[code] ?? code);
  return makeError(`cannot read ${path}: ${reason}`, { cause: error });
}
