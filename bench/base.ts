/**
 * SimVLM-Base at full size on the CPU: a forward pass, a caption, and a training step with and without `checkpointBlocks`, beside the
 * PyTorch reference (bench/reference), eager and compiled. Time and peak memory of each; a row is compared with the better of the two.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modelParameters } from '@simvlm/model';
import { type Measured, measure, type Part, type Parts } from './base/measure';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, type BenchRow, timeRow } from './lib/table';
import { isPeer, ourContender, pytorchContenders } from './native/contenders';
import { baseOnCpu, type Problem, writeProblem } from './native/problem';

const THREADS = 2;
/** Relative; float32 sums in another order drift apart by less in these steps. */
const LOSS_TOLERANCE = 1e-3;
const full: Parts = { rows: baseOnCpu.rows, warmUp: 1, repeats: 5, tokens: 32 };
const quick: Parts = { rows: 1, warmUp: 0, repeats: 1, tokens: 4 };
const PARTS: readonly Part[] = ['forward', 'caption', 'training step'];

export function run({ quick: short }: BenchOptions): Promise<BenchResult> {
  return compare(baseOnCpu, short ? quick : full);
}

export async function compare(problem: Problem, plan: Parts): Promise<BenchResult> {
  const folder = fileURLToPath(new URL('../.cache/bench-base/', import.meta.url));
  const choice = { backend: 'native', device: 'cpu', threads: THREADS, rows: plan.rows } as const;
  const contenders = [
    { ...ourContender('native', choice, folder), parts: PARTS },
    {
      ...ourContender('native, checkpointed blocks', { ...choice, checkpointBlocks: true }, folder),
      parts: ['training step'] as const,
    },
    ...pytorchContenders(folder, peerOptions(plan)).map(peer => ({ ...peer, parts: PARTS })),
  ];
  const results: Measured[] = [];
  const notes: string[] = [];
  const settings: Record<string, string> = {};
  try {
    progress('writing the weights');
    writeProblem(folder, problem);
    for (const { parts, ...contender } of contenders) {
      const env = { ...contender.env, ...settings };
      // One after another: there is no memory for all at once.
      const measured = await measure({ ...contender, env }, parts, plan).catch((error: Error) => {
        // The peer may not be installed; ours must come to its end.
        if (!isPeer(contender.name)) throw error;
        notes.push(`${contender.name} left out: ${error.message} (pip install torch)`);
      });
      if (!measured) continue;
      results.push(measured);
      Object.assign(settings, measured.settings);
    }
  } finally {
    // A gigabyte.
    rmSync(folder, { recursive: true, force: true });
  }
  checkLosses(results);
  const peers = results.filter(({ name }) => isPeer(name));
  const own = results.filter(({ name }) => !isPeer(name));
  return {
    versions: Object.assign({}, ...results.map(({ versions }) => versions)),
    rows: own.flatMap(result => rows(result, peers, plan)),
    notes: [
      ...description(problem, plan),
      ...results.map(({ name, detail }) => `${name}: ${detail}`),
      ...peers.map(inFigures),
      ...notes,
    ],
  };
}

/** What is measured once needs no trial of what is fastest. */
function peerOptions({ rows, repeats }: Parts) {
  return { threads: THREADS, rows, large: true, trial: repeats > 1 };
}

function rows({ name, parts }: Measured, peers: readonly Measured[], { tokens, rows }: Parts): BenchRow[] {
  return Object.entries(parts).flatMap(([part, { milliseconds, mebibytes }]) => {
    const what = `${name}: ${part === 'caption' ? `caption of ${tokens} tokens` : `${part}, batch ${rows}`}`;
    const least = (of: 'milliseconds' | 'mebibytes') =>
      peers
        .flatMap(peer => ({
          name: peer.name,
          value: peer.parts[part as Part]?.[of] ?? Number.POSITIVE_INFINITY,
        }))
        .sort((a, b) => a.value - b.value)[0];
    return [
      timeRow(what, milliseconds, least('milliseconds')),
      timeRow(`${what}, peak memory`, mebibytes, least('mebibytes'), 'MiB'),
    ];
  });
}

/** What a peer reached: a row names only the better of the two. */
function inFigures({ name, parts }: Measured): string {
  const figures = Object.entries(parts).map(
    ([part, { milliseconds, mebibytes }]) =>
      `${part} ${milliseconds.toFixed(0)} ms, ${mebibytes.toFixed(0)} MiB`,
  );
  return `${name}: ${figures.join('; ')}`;
}

/** All that were asked for the same must have computed the same. */
function checkLosses(results: readonly Measured[]): void {
  const [first, ...others] = results;
  for (const { name, parts } of others) {
    for (const [part, { losses }] of Object.entries(parts)) {
      const wanted = first!.parts[part as Part]!.losses;
      const worst = Math.max(0, ...losses.map((loss, i) => Math.abs(loss - wanted[i]!) / wanted[i]!));
      if (!(worst <= LOSS_TOLERANCE))
        throw new Error(`${name} has other losses than ${first!.name} (${part}): ${worst} relative at worst`);
    }
  }
}

function description({ config }: Problem, { rows }: Parts): string[] {
  const parameters = modelParameters(config)
    .values()
    .reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
  return [
    `${(parameters / 1e6).toFixed(1)} M parameters, float32, ${THREADS} threads; batches of ${rows}, ${config.imageSize} pixels, ${config.maxTextLength} text tokens; a caption is of one picture`,
    'peak memory is the most that the whole process had in RAM during the part, model included',
  ];
}
