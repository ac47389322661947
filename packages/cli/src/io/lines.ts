import { createReadStream } from 'node:fs';
import { DataError, decodeLines, isSimVlmError } from '@simvlm/core';

/** Longest line: some corpora are one line. */
const MAX_LINE_BYTES = 256 * 2 ** 20;

/**
 * The lines of files, or of standard input when none is named (`-` names it too), a batch at a time as they
 * are read. A line ends at "\n" alone, as SentencePiece reads them: a "\r" belongs to its line.
 *
 * @throws DataError for a file that cannot be read, and for a line that is not UTF-8 or longer than 256 MiB
 */
export async function* readLines(files: readonly string[]): AsyncGenerator<string[]> {
  for (const file of files.length === 0 ? ['-'] : files) {
    const name = file === '-' ? 'standard input' : file;
    const input: AsyncIterable<Uint8Array> = file === '-' ? process.stdin : createReadStream(file);
    try {
      yield* decodeLines(input, name, { maxBytes: MAX_LINE_BYTES });
    } catch (error) {
      if (isSimVlmError(error)) throw error;
      throw new DataError('DATA_NOT_FOUND', `cannot read ${name}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

/** Writes to standard output; waits while the reader of the pipe is slower than we are. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text))
    await new Promise<void>(resolve => process.stdout.once('drain', () => resolve()));
}
