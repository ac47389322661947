/**
 * The largest presets on the native backend: a checkpoint of each is saved and opened, each time in a process of its own. Peak memory beside
 * the size of the weights; above 1.15 times that the benchmark fails. It writes 6.7 GB below .cache/ and removes them.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Report } from './huge/child';
import { startChild } from './lib/process';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, type BenchRow, timeRow } from './lib/table';

const LIMIT = 1.15;
const MIB = 2 ** 20;

export async function run({ quick, part }: BenchOptions): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  let last: Report | undefined;
  for (const preset of part?.split(',') ?? (quick ? ['large'] : ['large', 'huge'])) {
    const folder = fileURLToPath(new URL(`../.cache/bench-huge/${preset}`, import.meta.url));
    rmSync(folder, { recursive: true, force: true });
    try {
      for (const action of ['save', 'open'] as const) {
        progress(`${preset}: ${action}`);
        last = await measured(action, preset, folder);
        rows.push(rowOf(`${preset}, ${(last.parameters / 1e6).toFixed(0)} M parameters: ${action}`, last));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const above = rows.find(({ ratio }) => ratio! < 1 / LIMIT);
  if (above) throw new Error(`${above.what}: ${above.ours} MiB, more than ${LIMIT} times ${above.peer} MiB`);
  return {
    versions: last?.versions ?? {},
    rows,
    notes: [
      `native: ${last?.detail}`,
      'peak memory is the most that the whole process had in RAM, Node and libtorch included',
      'opening reads each file twice: once for its SHA-256, once for the weights, and refuses numbers that are not finite',
    ],
  };
}

async function measured(action: string, preset: string, folder: string): Promise<Report> {
  const child = fileURLToPath(new URL('./huge/child.ts', import.meta.url));
  const { hello, stop } = await startChild<Report>(process.execPath, [
    '--import',
    'tsx',
    child,
    action,
    preset,
    folder,
  ]);
  await stop();
  return hello;
}

function rowOf(what: string, { parameters, peakBytes }: Report): BenchRow {
  const weights = { name: 'the weights', value: (4 * parameters) / MIB };
  return timeRow(`${what}, peak memory`, peakBytes / MIB, weights, 'MiB');
}
