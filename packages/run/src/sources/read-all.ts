import type { Sample, SampleSource } from '@simvlm/core';
import type { Reporter } from '../reporter';

/** Records between two looks at whether to stop. */
const BREATH = 1000;

/**
 * Reads a source from beginning to end, no picture opened, with a count of records for people to see.
 *
 * @returns how many records cannot be used
 */
export async function readAll(
  source: SampleSource,
  take: (sample: Sample) => void | Promise<void>,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const bar = reporter.bar(`reading the texts of ${source.name}`);
  const reader = source.read();
  let count = 0;
  try {
    for await (const sample of reader) {
      await take(sample);
      if (++count % BREATH !== 0) continue;
      signal?.throwIfAborted();
      bar.update(count);
    }
    bar.update(count, count);
    return reader.skipped().count;
  } finally {
    bar.stop();
  }
}
