/**
 * What several processes cost: two that train one model, each on half of the rows of a batch, beside two that train a model of their own on
 * as many rows. Each has one thread of the CPU.
 */
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TrainConfig } from '@simvlm/trainer';
import { startChild } from './lib/process';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, type BenchRow, median, rateRow } from './lib/table';
import { problems, writeProblem } from './native/problem';
import type { ChildOptions, Request } from './processes/child';

const PROCESSES = 2;
/** Of each process. */
const ROWS = problems.small.rows;
const INDEPENDENT = 'independent';

const contenders: readonly { readonly name: string; readonly config?: Partial<TrainConfig> }[] = [
  { name: INDEPENDENT },
  { name: 'together', config: {} },
  { name: 'together, bfloat16 between them', config: { gradientPrecision: 'bfloat16' } },
  { name: 'together, sharded optimiser', config: { shardOptimizer: true } },
];

const plans = { full: { rounds: 7, warmUp: 1, steps: 3 }, quick: { rounds: 3, warmUp: 1, steps: 2 } };

interface Hello {
  readonly versions: Readonly<Record<string, string>>;
  readonly detail: string;
}
interface Held {
  readonly numBytes: number;
}
type Child = Awaited<ReturnType<typeof startChild<Hello>>>;

export async function run({ quick }: BenchOptions): Promise<BenchResult> {
  const folder = fileURLToPath(new URL('../.cache/bench-processes/', import.meta.url));
  writeProblem(folder, { ...problems.small, rows: PROCESSES * ROWS, batches: 4 });
  const { rounds, warmUp, steps } = quick ? plans.quick : plans.full;
  const running: { name: string; children: Child[]; rates: number[]; bytes: number }[] = [];
  try {
    for (const { name, config } of contenders) {
      progress(`starting ${name}`);
      running.push({ name, children: await start(folder, config), rates: [], bytes: 0 });
    }
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`);
      // In turn, so that all see the same machine.
      for (const each of running) {
        const times = await ask<{ milliseconds: number }>(each.children, { steps });
        const rate = times.reduce((sum, { milliseconds }) => sum + (1000 * steps * ROWS) / milliseconds, 0);
        if (round >= warmUp) each.rates.push(rate);
      }
    }
    for (const each of running) {
      const held = await ask<Held>(each.children, { held: true });
      each.bytes = Math.max(...held.map(({ numBytes }) => numBytes));
    }
  } finally {
    await Promise.all(running.flatMap(({ children }) => children.map(child => child.stop())));
  }
  const { versions, detail } = running[0]!.children[0]!.hello;
  const alone = median(running[0]!.rates);
  return {
    versions,
    rows: running
      .slice(1)
      .map(
        ({ name, rates }): BenchRow =>
          rateRow(
            `${PROCESSES} processes ${name}: rows of training`,
            median(rates),
            { name: INDEPENDENT, value: alone },
            'rows/s',
          ),
      ),
    notes: [
      `${detail}; ${PROCESSES} processes of one thread each, ${ROWS} rows each, 10.6 M parameters, ${rounds - warmUp} rounds of ${steps} steps in turn`,
      ...running.map(
        ({ name, rates, bytes }) =>
          `${name}: ${rates.map(rate => rate.toFixed(1)).join(', ')} rows/s; ${(bytes / 1e6).toFixed(0)} MB in tensors of a process between steps`,
      ),
    ],
  };
}

/** @param config of processes that train together; none for those that do not */
async function start(folder: string, config: Partial<TrainConfig> | undefined): Promise<Child[]> {
  const child = fileURLToPath(new URL('./processes/child.ts', import.meta.url));
  const port = await freePort();
  const started = Array.from({ length: PROCESSES }, (_, rank) => {
    const options: ChildOptions = config
      ? { config, rows: ROWS, place: { rank, size: PROCESSES, host: '127.0.0.1', port } }
      : { config: {}, rows: ROWS };
    return startChild<Hello>(process.execPath, ['--import', 'tsx', child, folder, JSON.stringify(options)], {
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
    });
  });
  const settled = await Promise.allSettled(started);
  const failed = settled.find(each => each.status === 'rejected');
  const children = settled.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
  if (!failed) return children;
  await Promise.all(children.map(each => each.stop()));
  throw failed.reason;
}

function ask<T>(children: readonly Child[], request: Request): Promise<T[]> {
  return Promise.all(children.map(child => child.ask<T>(request)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
