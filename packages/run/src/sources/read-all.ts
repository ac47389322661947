import type { Sample, SampleSource } from '@simvlm/core';
import type { Reporter } from '../reporter';

/** Records between two looks at whether to stop. */
const BREATH = 1000;

/** Reads a source from beginning to end, no picture opened, with a count of records for people to see. */
export async function readAll(
  source: SampleSource,
  take: (sample: Sample) => void,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const bar = reporter.bar(`reading the texts of ${source.name}`);
  let count = 0;
  try {
    for await (const sample of source.read()) {
      take(sample);
      if (++count % BREATH !== 0) continue;
      signal?.throwIfAborted();
      bar.update(count);
    }
    bar.update(count, count);
  } finally {
    bar.stop();
  }
}
