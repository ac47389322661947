import type { BatchSource, JsonValue, PrefixLmBatch, SkipReport } from '@simvlm/core';

interface Made {
  readonly parts: readonly PrefixLmBatch[];
  readonly state: JsonValue;
  readonly skipped: SkipReport;
}

/**
 * Makes up to `depth` batches ahead while the model computes. `state()` is that of the batch returned last, whatever was made
 * ahead; those are made again after a restore. An error surfaces from the `next()` whose batch it belongs to.
 */
export function prefetch(source: BatchSource, depth: number): BatchSource {
  let queue: Promise<Made>[] = [];
  let generation = 0;
  let last = { state: source.state(), skipped: source.skipped() };
  let tail: Promise<unknown> = Promise.resolve();

  const make = (): Promise<Made> => {
    const born = generation;
    const made = tail.then(async () => {
      if (born !== generation) throw new Error('this batch was made before a restore');
      const parts = await source.next();
      return { parts, state: source.state(), skipped: source.skipped() };
    });
    // The error belongs to whoever asks for this batch; until then it must not count as unhandled.
    made.catch(() => {});
    tail = made.catch(() => {});
    return made;
  };

  return {
    async next() {
      while (queue.length <= depth) queue.push(make());
      const { parts, state, skipped } = await queue.shift()!;
      last = { state, skipped };
      return parts;
    },
    state: () => last.state,
    restore(state) {
      generation++;
      queue = [];
      // What is still being made must not move the source after it was put back.
      tail = tail.then(() => source.restore(state));
      last = { state, skipped: last.skipped };
    },
    skipped: () => last.skipped,
  };
}
