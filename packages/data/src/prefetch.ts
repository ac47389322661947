import { type BatchSource, checkOptions, type JsonValue, rule, type SkipReport } from '@simvlm/core';

interface Made<B> {
  readonly parts: readonly B[];
  readonly state: JsonValue;
  readonly skipped: SkipReport;
}

/**
 * Makes up to `depth` batches ahead while the model computes: streams have single pictures made ahead, here the rows of whole batches are
 * drawn, encoded and put together, so that a step finds its batch made. `state()` is that of the batch returned last, whatever was made
 * ahead; those are made again after a restore. An error surfaces from the `next()` whose batch it belongs to.
 *
 * @throws ConfigError when `depth` is no integer ≥ 0
 */
export function prefetch<B>(source: BatchSource<B>, depth: number): BatchSource<B> {
  checkOptions('prefetch', { depth }, { depth: rule.integer(0) });
  let queue: Promise<Made<B>>[] = [];
  let generation = 0;
  let last = { state: source.state(), skipped: source.skipped() };
  let tail: Promise<unknown> = Promise.resolve();

  const make = (): Promise<Made<B>> => {
    const born = generation;
    const made = tail.then(async () => {
      if (born !== generation) throw new Error('this batch was to be made before a restore');
      const parts = await source.next();
      return { parts, state: source.state(), skipped: source.skipped() };
    });
    // The error belongs to whoever asks for this batch; until then it must not count as unhandled.
    tail = made.catch(() => {});
    return made;
  };

  return {
    ...(source.stepsPerEpoch !== undefined && { stepsPerEpoch: source.stepsPerEpoch }),
    ...(source.identity !== undefined && { identity: source.identity }),
    ...(source.share && { share: source.share }),
    async next() {
      while (queue.length <= depth) queue.push(make());
      const born = generation;
      const { parts, state, skipped } = await queue.shift()!;
      if (born === generation) last = { state, skipped };
      return parts;
    },
    state: () => last.state,
    restore(states) {
      source.restore(states);
      generation++;
      queue = [];
      last = { state: source.state(), skipped: source.skipped() };
    },
    skipped: () => last.skipped,
    async close() {
      generation++;
      queue = [];
      await source.close?.();
    },
  };
}
