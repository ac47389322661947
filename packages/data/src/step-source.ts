import {
  type BatchSource,
  checkOptions,
  DataError,
  type DrawnExample,
  type Example,
  type ExampleDataset,
  type ExampleStream,
  type JsonValue,
  joinReports,
  type Random,
  rule,
  type Share,
  SkipLog,
} from '@simvlm/core';
import { savedPosition } from './saved-position';

/** Examples of one kind: how many of them are in each step, and what becomes of them. R: a row, B: a batch. */
export interface RowStream<R, B> {
  readonly stream: ExampleStream;
  /** Rows a step, of all processes together. */
  readonly batchSize: number;
  /**
   * @returns undefined for an example that nothing is to be learnt from: the next one takes its place
   * @throws DataError or ImageError for an example that cannot be used, which is reported: the next one takes its place
   */
  row(drawn: DrawnExample): R | undefined;
  /** All rows of a step that are this process's; in a small step it may have none. */
  batches(rows: R[]): readonly B[];
}

/** Examples that may be left out for each row of a step: more of them are no data set for this task. */
const MOST_LEFT = 1000;

const savedRules = { step: rule.integer(0), dealt: rule.integer(0), streams: rule.array };

/**
 * Batches for training, forever: for each step the rows of each stream in the stated number. An epoch is one of the first stream.
 *
 * Of several processes each makes its own rows: those of step k are at the places kB … (k + 1)B − 1 of a stream, and place p is that of process p mod size. So
 * their numbers of rows differ by one at most. Where a run goes on with another number of processes, places are counted from there.
 */
export function stepSource<R, B>(streams: readonly RowStream<R, B>[]): BatchSource<B> {
  const [first] = streams;
  let step = 0;
  /** The step from which on places are counted: the first, or where the number of processes changed. */
  let dealt = 0;
  /** Counts restores: what was being made before one is dropped. */
  let generation = 0;
  return {
    ...(first?.stream.length !== undefined && {
      stepsPerEpoch: Math.max(1, Math.ceil(first.stream.length / first.batchSize)),
    }),
    ...(first && first.stream.share.size > 1 && { share: first.stream.share }),
    identity: streams.map(({ stream }) => stream.identity).join('\n'),
    async next() {
      const born = generation;
      const batches: B[] = [];
      for (const rowStream of streams) {
        const rows = await nextRows(rowStream, step - dealt, () => born !== generation);
        if (rows.length > 0) batches.push(...rowStream.batches(rows));
      }
      step++;
      return batches;
    },
    state: (): JsonValue => ({ step, dealt, streams: streams.map(({ stream }) => stream.state()) }),
    restore(states) {
      // Without any process there is no first place, and that is no object.
      const saved = (states.length > 0 ? states : [null]).map(state =>
        savedPosition(state, 'data', savedRules),
      );
      for (const { step: others, streams: places } of saved) {
        const { length } = places as JsonValue[];
        if (length !== streams.length)
          throw new DataError(
            'DATA_INVALID',
            `the saved data position is of other data: "data.streams" has ${length} kinds of examples, this run has ${streams.length}`,
          );
        if (others !== saved[0]!.step)
          throw new DataError(
            'DATA_INVALID',
            `the saved data position is damaged: processes stand at step ${others} and at step ${saved[0]!.step}`,
          );
      }
      for (const [i, { stream }] of streams.entries())
        stream.restore(saved.map(({ streams: places }) => (places as JsonValue[])[i]!));
      step = saved[0]!.step as number;
      dealt = saved.length === first?.stream.share.size ? (saved[0]!.dealt as number) : step;
      generation++;
    },
    skipped: () => joinReports(streams.map(({ stream }) => stream.skipped())),
    async close() {
      await Promise.all(streams.map(({ stream }) => stream.close?.()));
    },
  };
}

async function nextRows<R, B>(
  { stream, batchSize, row }: RowStream<R, B>,
  step: number,
  isDropped: () => boolean,
): Promise<R[]> {
  const { share } = stream;
  const count = ownPlaces((step + 1) * batchSize, share) - ownPlaces(step * batchSize, share);
  const rows: R[] = [];
  let left = 0;
  while (rows.length < count) {
    const drawn = await stream.next();
    // A row more would be taken from behind the place that the stream was put to.
    if (isDropped()) throw new DataError('DATA_INVALID', 'the data were put elsewhere meanwhile');
    try {
      const made = row(drawn);
      if (made === undefined) left++;
      else rows.push(made);
    } catch (error) {
      stream.refuse(error);
    }
    if (left > MOST_LEFT * count)
      throw new DataError(
        'DATA_INVALID',
        `${left} of ${left + rows.length} examples in a row are left out: there is hardly anything to learn from`,
      );
  }
  return rows;
}

/** How many of the places before `end` are those of a process. */
function ownPlaces(end: number, { rank, size }: Share): number {
  return Math.max(0, Math.ceil((end - rank) / size));
}

export interface OrderedOptions<R, B> {
  readonly dataset: ExampleDataset;
  /** Rows a batch; the last has what is left. */
  readonly batchSize: number;
  /**
   * @returns undefined for an example that is left out
   * @throws DataError or ImageError for an example that cannot be used: it is left out and reported
   */
  row(example: Example, random: Random): R | undefined;
  batches(rows: R[]): readonly B[];
  /** Only forked: what a row draws belongs to its index. */
  readonly random: Random;
  readonly skipped?: SkipLog;
}

/** A data set from beginning to end, the same at each call: what validation reads. */
export async function* orderedBatches<R, B>(options: OrderedOptions<R, B>): AsyncGenerator<readonly B[]> {
  const { dataset, batchSize, row, batches, random, skipped = new SkipLog() } = options;
  checkOptions('validation batches', { batchSize }, { batchSize: rule.integer(1) });
  let rows: R[] = [];
  for (let index = 0; index < dataset.length; index++) {
    try {
      const made = row(await dataset.get(index), random.fork(index));
      if (made !== undefined) rows.push(made);
    } catch (error) {
      skipped.add(index, error, `example ${index}`);
    }
    if (rows.length < batchSize) continue;
    yield batches(rows);
    rows = [];
  }
  if (rows.length > 0) yield batches(rows);
}
