import type { Reader, Sample, SampleSource } from '@simvlm/core';

/**
 * The samples of a source that are kept, such as all but those of a validation split. A record that is not kept comes as a draw without sample and
 * problem, so that positions stay those of the source.
 *
 * @param keep is asked without opening pictures, and answers the same each time
 */
export function filteredSource(source: SampleSource, keep: (sample: Sample) => boolean): SampleSource {
  let counting: Promise<number> | undefined;
  return {
    name: source.name,
    identity: () => source.identity(),
    count() {
      counting ??= countOf(source, keep);
      counting.catch(() => (counting = undefined));
      return counting;
    },
    read: () => filteredReader(source.read(), keep),
    order(options) {
      const order = source.order(options);
      return {
        async next() {
          const { sample, ...draw } = await order.next();
          return sample && keep(sample) ? { sample, ...draw } : draw;
        },
        state: () => order.state(),
        restore: states => order.restore(states),
        close: () => order.close?.(),
      };
    },
  };
}

function filteredReader(reader: Reader, keep: (sample: Sample) => boolean): Reader {
  return {
    format: reader.format,
    async *[Symbol.asyncIterator]() {
      for await (const sample of reader) if (keep(sample)) yield sample;
    },
    state: () => reader.state(),
    restore: state => reader.restore(state),
    skipped: () => reader.skipped(),
  };
}

/** Records that are kept, those that cannot be used included. */
async function countOf(source: SampleSource, keep: (sample: Sample) => boolean): Promise<number> {
  const reader = source.read();
  let count = 0;
  for await (const sample of reader) if (keep(sample)) count++;
  return count + reader.skipped().count;
}
