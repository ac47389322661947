import { createReadStream } from 'node:fs';
import { DataError } from '@simvlm/core';

/**
 * The lines of files, or of standard input when none is named (`-` names it too), a batch at a time as they
 * are read. A line ends at "\n" alone, as SentencePiece reads them: a "\r" belongs to its line. What is no
 * UTF-8 becomes U+FFFD.
 *
 * @throws DataError for a file that cannot be read
 */
export async function* readLines(files: readonly string[]): AsyncGenerator<string[]> {
  for (const file of files.length === 0 ? ['-'] : files) {
    const input = file === '-' ? process.stdin : createReadStream(file);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    // A long line arrives in many parts: they are joined once, when its end has come.
    let parts: string[] = [];
    try {
      for await (const chunk of input) {
        const lines = decoder.decode(chunk as Uint8Array, { stream: true }).split('\n');
        if (lines.length > 1) {
          lines[0] = parts.join('') + lines[0];
          parts = [];
          yield lines.slice(0, -1);
        }
        parts.push(lines[lines.length - 1]!);
      }
    } catch (error) {
      throw new DataError(
        'DATA_NOT_FOUND',
        `cannot read ${file === '-' ? 'standard input' : file}: ${(error as Error).message}`,
        { cause: error },
      );
    }
    const last = parts.join('') + decoder.decode();
    if (last !== '') yield [last];
  }
}

/** Writes to standard output; waits while the reader of the pipe is slower than we are. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text))
    await new Promise<void>(resolve => process.stdout.once('drain', () => resolve()));
}
