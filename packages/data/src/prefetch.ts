import { type BatchSource, checkOptions, type JsonValue, rule, type SkipReport } from '@simvlm/core';

interface Made<B> {
  readonly parts: readonly B[];
  readonly state: JsonValue;
  readonly skipped: SkipReport;
}

/**
 * Makes up to `depth` batches ahead while the model computes. `state()` is that of the batch returned last, whatever was made
 * ahead; those are made again after a restore. An error surfaces from the `next()` whose batch it belongs to.
 *
 * @throws ConfigError when `depth` is no integer ≥ 0
 */
export function prefetch<B>(source: BatchSource<B>, depth: number): BatchSource<B> {
  checkOptions('prefetch', { depth }, { depth: rule.integer(0) });
  let queue: Promise<Made<B>>[] = [];
  let generation = 0;
  let last = { state: source.state(), skipped: source.skipped() };
  /** Batches that are being made or wait for their turn. */
  let making = 0;
  let tail: Promise<unknown> = Promise.resolve();
  let restored: Promise<unknown> = Promise.resolve();

  const make = (): Promise<Made<B>> => {
    const born = generation;
    const ready = restored;
    making++;
    const made = tail.then(async () => {
      await ready;
      if (born !== generation) throw new Error('this batch was made before a restore');
      const parts = await source.next();
      return { parts, state: source.state(), skipped: source.skipped() };
    });
    // The error belongs to whoever asks for this batch; until then it must not count as unhandled.
    tail = made.then(
      () => making--,
      () => making--,
    );
    return made;
  };

  return {
    ...(source.stepsPerEpoch !== undefined && { stepsPerEpoch: source.stepsPerEpoch }),
    async next() {
      while (queue.length <= depth) queue.push(make());
      const born = generation;
      const { parts, state, skipped } = await queue.shift()!;
      if (born === generation) last = { state, skipped };
      return parts;
    },
    state: () => last.state,
    restore(states) {
      const born = ++generation;
      queue = [];
      if (making === 0) {
        source.restore(states);
        restored = Promise.resolve();
        last = { state: source.state(), skipped: source.skipped() };
        return;
      }
      // What is still being made must not move the source after it was put back. A state that does not fit is an error of
      // every `next()` until another restore.
      restored = tail = tail.then(() => born === generation && source.restore(states));
      restored.catch(() => {});
      last = { state: states[0]!, skipped: last.skipped };
    },
    skipped: () => last.skipped,
  };
}
