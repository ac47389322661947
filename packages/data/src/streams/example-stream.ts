import {
  checkOptions,
  DataError,
  type Draw,
  type DrawnExample,
  type Example,
  type ExampleStream,
  type Objective,
  type Random,
  rule,
  type SampleOrder,
  type SampleSource,
  type Share,
} from '@simvlm/core';
import { savedPosition } from '../saved-position';
import { Ahead } from './ahead';
import { type Pictures, toExample } from './to-example';
import { Usage } from './usage';

export interface ExampleStreamOptions {
  readonly source: SampleSource;
  /** Every draw follows from it; forked only. */
  readonly random: Random;
  /** What becomes of pictures; absent: this is a stream of texts, and pictures are not opened. */
  readonly pictures?: Pictures;
  /** Which part of the source comes here; default: all of it. */
  readonly share?: Share;
  /** See `OrderOptions`. */
  readonly shuffle?: number | false;
  /** What is learnt from these examples, where that is another than the run's. */
  readonly objective?: Objective;
  /** Examples in an epoch, of all processes: `await source.count()`, which reads everything but the pictures where nothing tells it. */
  readonly length?: number;
  /** Tells these data from others: `await source.identity()`. Default: the name of the source. */
  readonly identity?: string;
  /** Records in work at a time, or made and not yet taken; default 2 · (workers + 1), at least 4. */
  readonly ahead?: number;
  /** Share of the records that may be of no use, judged from the hundredth on; default 0.1. */
  readonly skipLimit?: number;
}

interface Made {
  readonly draw: Draw;
  readonly drawn?: DrawnExample;
  readonly problem?: unknown;
}

/**
 * The examples of a source in the order of training: records are read one after another, their pictures decoded and varied several at a time,
 * and examples come strictly in the order of the records, whichever is ready first. So workers and timing change nothing. What is drawn for an example follows from
 * `random`, the epoch and its key.
 *
 * A record that cannot be used is passed over, and counted once by its key.
 *
 * @throws ConfigError for an `ahead` below 1 or a `skipLimit` that is no share. `next` throws DataError when more records than `skipLimit`
 *   cannot be used, or none of an epoch
 */
export function exampleStream(options: ExampleStreamOptions): ExampleStream {
  const { source, random, pictures, length, objective } = options;
  const { share = { rank: 0, size: 1 }, skipLimit = 0.1, identity = source.name } = options;
  const { ahead: limit = Math.max(4, 2 * ((pictures?.pool?.workers ?? 0) + 1)) } = options;
  checkOptions(
    `examples of ${source.name}`,
    { ahead: limit, skipLimit },
    { ahead: rule.integer(1), skipLimit: rule.number(0, 1) },
  );
  const newOrder = () =>
    source.order({
      ...{ share, random: random.fork('order') },
      ...(options.shuffle !== undefined && { shuffle: options.shuffle }),
    });
  const examples = random.fork('example');
  const aheadOf = (order: SampleOrder) =>
    new Ahead({
      limit,
      draw: recordsOf(order, source.name, PASSES * share.size),
      work: async (draw): Promise<Made> => {
        const { sample, problem, epoch, copy } = draw;
        if (!sample) return { draw, problem };
        const draws = examples.fork(epoch).fork(sample.key).fork(copy);
        try {
          return { draw, drawn: { example: await toExample(sample, draws, pictures), random: draws } };
        } catch (error) {
          return { draw, problem: error };
        }
      },
    });

  const usage = new Usage({ name: source.name, skipLimit, length });
  let order = newOrder();
  let place = order.state();
  let ahead = aheadOf(order);
  let last: Example | undefined;
  return {
    ...{ share, identity, ...(length !== undefined && { length }) },
    async next(): Promise<DrawnExample> {
      const from = ahead;
      for (;;) {
        const { draw, drawn, problem } = await from.next();
        // What was asked for before a restore says nothing of the place behind it.
        if (from !== ahead) throw new DataError('DATA_INVALID', 'the stream was put elsewhere meanwhile');
        if (!drawn) {
          usage.skip(draw.epoch, problem, draw.sample?.key);
          continue;
        }
        usage.use(draw.epoch);
        place = draw.after;
        last = drawn.example;
        return objective ? { ...drawn, objective } : drawn;
      }
    },
    refuse(error) {
      if (!last) throw error;
      usage.refuse(error, last.id);
      last = undefined;
    },
    state: () => ({ order: place, usage: usage.state() }),
    restore(states) {
      const saved = states.map(state => savedPosition(state, 'data.stream', { usage: rule.object }));
      // Another order, as the one before may be in the middle of a record.
      const other = newOrder();
      other.restore(saved.map(({ order: each = null }) => each));
      usage.restore(ofProcess(saved, share).map(each => each.usage!));
      ahead.close();
      order.close?.();
      order = other;
      place = order.state();
      ahead = aheadOf(order);
      last = undefined;
    },
    skipped: () => usage.report(),
    async close() {
      ahead.close();
      order.close?.();
    },
  };
}

/** What was saved in this process, or, where there were more or fewer of them, in those whose place it takes: each is taken by one. */
function ofProcess<T>(saved: readonly T[], { rank, size }: Share): T[] {
  return saved.filter((_, i) => i % size === rank);
}

/** Passes for each process in which it may find no record of its own: a data set may have fewer than there are processes. */
const PASSES = 3;

/** The records of an order without those that are left out. @param passes in which all may be left out */
function recordsOf(order: SampleOrder, name: string, passes: number): () => Promise<Draw> {
  let epoch = -1;
  return async () => {
    for (;;) {
      const draw = await order.next();
      if (epoch < 0) epoch = draw.epoch;
      if (draw.sample || draw.problem) {
        epoch = draw.epoch;
        return draw;
      }
      if (draw.epoch > epoch + passes)
        throw new DataError('DATA_NOT_FOUND', `${name}: there are no examples: each record is left out`);
    }
  };
}
