import { ConfigError, type ExampleStream, joinReports, rule } from '@simvlm/core';
import { savedPosition } from '../saved-position';

export interface MixturePart {
  readonly stream: ExampleStream;
  /** Its share of the examples is weight / Σ weights; above 0. */
  readonly weight: number;
}

/**
 * Several streams as one. Each example comes from the stream whose share is most behind its weight, the first of several. So the numbers drawn
 * stay within two examples of the weights at every moment, and they are all that there is to save. Process r begins as if r examples had been
 * drawn: else all processes would draw from the same source at a time. An epoch is as long as those of all streams together.
 *
 * @throws ConfigError for no streams, streams of different shares, and a weight that is not above 0
 */
export function mixture(parts: readonly MixturePart[]): ExampleStream {
  const streams = parts.map(({ stream }) => stream);
  checkParts(parts);
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const { share } = streams[0]!;
  const behindMost = (counts: readonly number[]) => {
    const next = counts.reduce((sum, count) => sum + count, 1);
    const behind = parts.map(({ weight }, i) => (weight / total) * next - counts[i]!);
    return behind.indexOf(Math.max(...behind));
  };
  const beginning = parts.map(() => 0);
  for (let rank = 0; rank < share.rank; rank++) beginning[behindMost(beginning)]!++;
  const counts = [...beginning];
  let last: number | undefined;
  const lengths = streams.map(({ length }) => length);
  return {
    ...{ share, identity: streams.map(({ identity }) => identity).join('\n') },
    ...(lengths.every(length => length !== undefined) && {
      length: lengths.reduce((sum, length) => sum + length, 0),
    }),
    async next() {
      const chosen = behindMost(counts);
      const example = await streams[chosen]!.next();
      counts[chosen]!++;
      last = chosen;
      return example;
    },
    refuse(error) {
      if (last === undefined) throw error;
      streams[last]!.refuse(error);
      counts[last]!--;
      last = undefined;
    },
    state: () => ({ counts: [...counts], streams: streams.map(stream => stream.state()) }),
    restore(states) {
      const saved = states.map(state =>
        savedPosition(state, 'data.mixture', {
          counts: listOf(streams.length),
          streams: listOf(streams.length),
        }),
      );
      for (const [i, stream] of streams.entries())
        stream.restore(saved.map(each => (each.streams as [])[i]!));
      // Other processes than before deal what is left anew, and count from here.
      const mine = saved.length === share.size ? (saved[share.rank]!.counts as number[]) : beginning;
      for (const i of counts.keys()) counts[i] = mine[i] ?? 0;
      last = undefined;
    },
    skipped: () => joinReports(streams.map(stream => stream.skipped())),
    async close() {
      await Promise.all(streams.map(stream => stream.close?.()));
    },
  };
}

function listOf(length: number) {
  return {
    expected: `a list of ${length}`,
    accepts: (value: unknown) => rule.array.accepts(value) && (value as []).length === length,
  };
}

function checkParts(parts: readonly MixturePart[]): void {
  const first = parts[0];
  if (!first) throw new ConfigError('CONFIG_INVALID', 'mixture: give one stream or more');
  for (const { weight, stream } of parts) {
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY))
      throw new ConfigError('CONFIG_INVALID', `mixture: a weight must be above 0, got ${weight}`);
    const { rank, size } = stream.share;
    if (rank !== first.stream.share.rank || size !== first.stream.share.size)
      throw new ConfigError('CONFIG_INVALID', 'mixture: all streams must be of the same share');
  }
}
