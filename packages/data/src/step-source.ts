import {
  type BatchSource,
  checkOptions,
  DataError,
  type Example,
  type ExampleDataset,
  type JsonValue,
  type Random,
  rule,
  SkipLog,
} from '@simvlm/core';
import { savedPosition } from './saved-position';
import { type IndexStream, shuffledIndices } from './sources';

/** Examples of one kind: how many of them are in each step, and what becomes of them. R: a row, B: a batch. */
export interface RowStream<R, B> {
  /** Names the order of its examples among the random draws. */
  readonly name: string;
  /** Names the draws of its rows. */
  readonly rowName: string;
  /** What one of its examples is called in a report. */
  readonly noun: string;
  readonly dataset: ExampleDataset;
  /** Rows a step. */
  readonly batchSize: number;
  /** See `ShuffleOptions`. */
  readonly weight?: (index: number) => number;
  /** @throws DataError or ImageError for an example that cannot be used */
  row(example: Example, random: Random): R;
  /** All rows of a step. */
  batches(rows: R[]): readonly B[];
}

const savedRules = { step: rule.integer(0), streams: rule.array, skipped: rule.object };

/**
 * Batches for training, forever: for each step the rows of each stream in the stated number, shuffled by epoch. Every draw belongs to the
 * step and row, not to what was drawn before, so that `state()` is a few numbers. An epoch is one of the first stream.
 *
 * A sample that cannot be used is replaced by the next one and reported by `skipped()`, once however often it is drawn; when a whole epoch
 * fails in a row, `next()` throws a DataError.
 *
 * @param random only forked
 */
export function stepSource<R, B>(streams: readonly RowStream<R, B>[], random: Random): BatchSource<B> {
  const orders = streams.map(({ name, dataset, weight }) =>
    shuffledIndices(dataset.length, { random: random.fork(name), ...(weight && { weight }) }),
  );
  const skipped = new SkipLog();
  let step = 0;
  return {
    stepsPerEpoch: stepsPerEpoch(streams[0]!),
    async next() {
      const draws = random.fork('step').fork(step);
      const batches: B[] = [];
      for (const [i, stream] of streams.entries())
        batches.push(...stream.batches(await nextRows(stream, orders[i]!, draws, skipped)));
      step++;
      return batches;
    },
    state: (): JsonValue => ({
      step,
      streams: orders.map(order => order.state()),
      skipped: skipped.state(),
    }),
    restore([state]) {
      // Every process reads the rows of all: their states are one.
      const saved = savedPosition(state ?? null, 'data', savedRules);
      const places = saved.streams as JsonValue[];
      if (places.length !== streams.length)
        throw new DataError(
          'DATA_INVALID',
          `the saved data position is of other data: "data.streams" has ${places.length} kinds of examples, this run has ${streams.length}`,
        );
      for (const [i, order] of orders.entries()) order.restore(places[i]!);
      skipped.restore(saved.skipped!);
      step = saved.step as number;
    },
    skipped: () => skipped.report(),
  };
}

async function nextRows<R, B>(
  { dataset, batchSize, row, rowName, noun }: RowStream<R, B>,
  order: IndexStream,
  draws: Random,
  skipped: SkipLog,
): Promise<R[]> {
  const rows: R[] = [];
  let failuresInARow = 0;
  while (rows.length < batchSize) {
    const index = order.next();
    const random = draws.fork(`${rowName}-${rows.length}`);
    try {
      rows.push(row(await dataset.get(index), random));
      failuresInARow = 0;
    } catch (error) {
      // Each stream has indices of its own.
      skipped.add(`${noun} ${index}`, error, `example ${index}`);
      // The one good example can be the first of an epoch and the last of the next: only so many failures in a row hold
      // a whole epoch.
      if (++failuresInARow >= Math.max(2 * dataset.length - 1, 1)) {
        throw new DataError(
          'DATA_INVALID',
          `none of ${dataset.length} examples can be used; the last: ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
  }
  return rows;
}

function stepsPerEpoch<R, B>({ dataset, batchSize, weight }: RowStream<R, B>): number {
  let drawn = dataset.length;
  if (weight) {
    drawn = 0;
    for (let i = 0; i < dataset.length; i++) drawn += weight(i);
  }
  return Math.max(1, Math.ceil(drawn / batchSize));
}

export interface OrderedOptions<R, B> {
  readonly dataset: ExampleDataset;
  /** Rows a batch; the last has what is left. */
  readonly batchSize: number;
  /** @throws DataError or ImageError for an example that cannot be used: it is left out */
  row(example: Example, random: Random): R;
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
      rows.push(row(await dataset.get(index), random.fork(index)));
    } catch (error) {
      skipped.add(index, error, `example ${index}`);
    }
    if (rows.length < batchSize) continue;
    yield batches(rows);
    rows = [];
  }
  if (rows.length > 0) yield batches(rows);
}
