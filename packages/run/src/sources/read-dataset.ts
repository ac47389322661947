import { DataError, type ExampleDataset, SkipLog } from '@simvlm/core';
import type { Reporter } from '../reporter';
import { countOf, warnOfSkipped } from '../skipped';

/** Examples with random access, looked at once. */
export interface ReadDataset {
  /** Indices of the examples with a picture, and of each the identity of the picture and its texts. */
  readonly pictures: readonly {
    readonly index: number;
    readonly key: string;
    readonly texts: readonly string[];
  }[];
  /** Texts that have no picture. */
  readonly documents: readonly string[];
  /** Why examples cannot be used. */
  readonly unreadable: readonly string[];
}

/**
 * Gets every example of a data set once: for its texts, to tell pictures from documents, and to know now which cannot be used.
 *
 * @throws DataError when none can be used; the signal's reason on abort
 */
export async function readDataset(
  name: string,
  examples: ExampleDataset,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<ReadDataset> {
  const pictures: ReadDataset['pictures'][number][] = [];
  const documents: string[] = [];
  const log = new SkipLog();
  const bar = reporter.bar(`reading ${name}`);
  try {
    for (let index = 0; index < examples.length; index++) {
      signal?.throwIfAborted();
      try {
        const { id, text, image, fields } = await examples.get(index);
        const { question, answer } = fields ?? {};
        const texts = [text, question, answer].flat().filter(each => typeof each === 'string');
        if (image) pictures.push({ index, key: id, texts });
        else documents.push(text);
      } catch (error) {
        log.add(index, error);
      }
      bar.update(index + 1, examples.length);
    }
  } finally {
    bar.stop();
  }
  const report = log.report();
  if (report.count > 0 && report.count === examples.length)
    throw new DataError(
      'DATA_INVALID',
      `${name}: none of ${countOf(report.count, 'example')} can be used; the first: ${report.reasons[0]}`,
    );
  warnOfSkipped(
    reporter,
    `${name}: ${countOf(report.count, 'example')} of ${examples.length} cannot be used:`,
    report,
  );
  return { pictures, documents, unreadable: report.reasons };
}
