/**
 * SimVLM-Base at full size on the CPU: a forward pass, a caption, and a training step with and without `checkpointBlocks`, beside the
 * PyTorch reference (bench/reference). Time and peak memory of each.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modelParameters } from '@simvlm/model';
import { type Measured, measure, type Part, type Parts } from './base/measure';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, type BenchRow, timeRow } from './lib/table';
import { ourContender, PYTORCH, pytorchContender } from './native/contenders';
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
    { ...pytorchContender(folder, peerOptions(plan)), parts: PARTS },
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
        if (contender.name !== PYTORCH) throw error;
        notes.push(`${PYTORCH} left out: ${error.message} (apt-get install python3-torch)`);
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
  const peer = results.find(({ name }) => name === PYTORCH);
  const own = results.filter(result => result !== peer);
  return {
    versions: Object.assign({}, ...results.map(({ versions }) => versions)),
    rows: own.flatMap(result => rows(result, peer, plan)),
    notes: [
      ...description(problem, plan),
      ...results.map(({ name, detail }) => `${name}: ${detail}`),
      ...notes,
    ],
  };
}

/** What is measured once needs no trial of what is fastest. */
function peerOptions({ rows, repeats }: Parts) {
  return { threads: THREADS, rows, large: true, trial: repeats > 1 };
}

function rows({ name, parts }: Measured, peer: Measured | undefined, { tokens, rows }: Parts): BenchRow[] {
  return Object.entries(parts).flatMap(([part, { milliseconds, mebibytes }]) => {
    const what = `${name}: ${part === 'caption' ? `caption of ${tokens} tokens` : `${part}, batch ${rows}`}`;
    const other = peer?.parts[part as Part];
    return [
      timeRow(what, milliseconds, other && { name: PYTORCH, value: other.milliseconds }),
      timeRow(`${what}, peak memory`, mebibytes, other && { name: PYTORCH, value: other.mebibytes }, 'MiB'),
    ];
  });
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
