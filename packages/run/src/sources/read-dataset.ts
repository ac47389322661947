import { DataError, type ExampleDataset, SkipLog } from '@simvlm/core';
import { sampleOf } from '@simvlm/data';
import type { Reporter } from '../reporter';
import { countOf, warnOfSkipped } from '../skipped';
import type { TaskExamples } from './task-examples';

/** Examples with random access, looked at once. */
export interface ReadDataset {
  /** Indices of the examples of the task, and of each its identity and its texts. */
  readonly examples: readonly {
    readonly index: number;
    readonly key: string;
    readonly texts: readonly string[];
  }[];
  /** Texts that have no picture, where the task needs one. */
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
  dataset: ExampleDataset,
  task: TaskExamples,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal?: AbortSignal | undefined },
): Promise<ReadDataset> {
  const examples: ReadDataset['examples'][number][] = [];
  const documents: string[] = [];
  const log = new SkipLog();
  const bar = reporter.bar(`reading ${name}`);
  try {
    for (let index = 0; index < dataset.length; index++) {
      signal?.throwIfAborted();
      try {
        const sample = sampleOf(await dataset.get(index));
        if (task.takes(sample)) examples.push({ index, key: sample.key, texts: task.texts(sample) });
        else documents.push(sample.text ?? '');
      } catch (error) {
        log.add(index, error);
      }
      bar.update(index + 1, dataset.length);
    }
  } finally {
    bar.stop();
  }
  const report = log.report();
  if (report.count > 0 && report.count === dataset.length)
    throw new DataError(
      'DATA_INVALID',
      `${name}: none of ${countOf(report.count, 'example')} can be used; the first: ${report.reasons[0]}`,
    );
  warnOfSkipped(
    reporter,
    `${name}: ${countOf(report.count, 'example')} of ${dataset.length} cannot be used:`,
    report,
  );
  return { examples, documents, unreadable: report.reasons };
}
