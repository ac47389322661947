/**
 * `base.mjs DEVICE [--json FILE]`: SimVLM-Base in bfloat16, ours beside PyTorch, one after another with the device to themselves. A
 * line of JSON on stdout for each part as soon as it is known; tables on stderr at the end.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { trainingFlops } from '../lib/flops';
import { machine } from '../lib/machine';
import { progress } from '../lib/progress';
import { table } from '../lib/table';
import type { Contender } from '../native/contest';
import { problems, writeProblem } from '../native/problem';
import { type AlonePlan, alone, outOfMemory } from './alone';
import { ceilings as ceilingsScript, ours, python, pytorch, type Setting } from './contenders';
import {
  type Ceilings,
  comparisons,
  type DecodingRow,
  decodingRow,
  decodingTable,
  imageTokensOf,
  type TrainingRow,
  trainingRow,
  trainingTable,
} from './report';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
});
const device = (positionals[0] ?? 'cuda') as Setting['device'];
/** On the CPU all there is to see is whether it runs; PyTorch 1.13 has no bfloat16 group norm there. */
const [name, precision] = device === 'cpu' ? (['tiny', 'float32'] as const) : (['base', 'bfloat16'] as const);
const problem = problems[name];
const plan: AlonePlan =
  device === 'cpu'
    ? { warmUp: 1, steps: 2, decoding: [1, 4], repeats: 2 }
    : { warmUp: 5, steps: 20, decoding: [1, 16, 64], repeats: 4 };
/** Seconds for all of it, and from its start: a machine may end a command after ten minutes. */
const LIMIT = Number(process.env.LIMIT ?? 540);
const start = performance.now();
const remaining = () => LIMIT - (performance.now() - start) / 1000;
/** Smaller batches than this share of the problem's say nothing. */
const SMALLEST = 1 / 8;
/** How long one contender may take; the last has what is left. */
const SECONDS = 180;

interface Entry {
  readonly make: (setting: Setting) => Contender;
  readonly decodes: boolean;
  readonly seconds: number;
}
const entries: readonly Entry[] = [
  { make: setting => ours('graph', setting), decodes: true, seconds: SECONDS },
  { make: setting => ours('eager', setting), decodes: false, seconds: SECONDS },
  { make: setting => pytorch('eager', setting), decodes: true, seconds: SECONDS },
  { make: setting => pytorch('default', setting), decodes: false, seconds: 1.5 * SECONDS },
  { make: setting => pytorch('max-autotune', setting), decodes: false, seconds: LIMIT },
];

const folder = join(process.env.WORK ?? '/tmp', `problem-${name}`);
const training: TrainingRow[] = [];
const decoding: DecodingRow[] = [];
const missing: Record<string, string> = {};
const emit = (part: string, value: object) => console.log(JSON.stringify({ part, problem: name, ...value }));

progress(`measuring the ceilings, and writing the problem ${name}`);
const asked = measureCeilings();
writeProblem(folder, problem);
const ceilings = await asked;
for (const entry of entries) await compare(entry);
finish();
if (!training.some(({ contender }) => contender.startsWith('SimVLM'))) process.exitCode = 1;

async function measureCeilings(): Promise<Ceilings | undefined> {
  try {
    const { stdout } = await promisify(execFile)(python, [ceilingsScript, device], { timeout: 120_000 });
    const measured: Ceilings = JSON.parse(stdout);
    emit('ceilings', measured);
    return measured;
  } catch (error) {
    leftOut('ceilings', error as Error);
    return undefined;
  }
}

/** With half the batch, and half of that, when it does not fit; without decoding, when that fails. */
async function compare({ make, decodes, seconds }: Entry): Promise<void> {
  const threads = Number(process.env.THREADS ?? 4);
  let sizes = decodes ? plan.decoding : [];
  let rows = problem.rows;
  while (rows >= SMALLEST * problem.rows) {
    const setting: Setting = { folder, device, threads, precision, rows };
    const { name, ...contender } = make(setting);
    progress(`${name}, batch ${rows}`);
    try {
      if (remaining() < 1) throw new Error(`no time is left of ${LIMIT} s`);
      const parts = { ...plan, decoding: sizes };
      const result = await alone({ name, ...contender }, parts, Math.min(seconds, remaining()), decoded => {
        sizes = sizes.filter(size => size !== decoded.rows);
        const row = decodingRow(name, decoded, problem, setting, ceilings);
        decoding.push(row);
        emit('decoding', row);
      });
      const row = trainingRow(name, result, problem, rows, ceilings);
      training.push(row);
      return emit('training', row);
    } catch (error) {
      leftOut(`${name}, batch ${rows}${sizes.length > 0 ? ', decoding' : ''}`, error as Error);
      if (outOfMemory(error as Error)) rows /= 2;
      else if (sizes.length > 0) sizes = [];
      else return;
    }
  }
}

function leftOut(what: string, { message }: Error): void {
  missing[what] = message;
  emit('left out', { what, why: message });
  progress(`${what} left out: ${message}`);
}

function finish(): void {
  const imageTokens = imageTokensOf(problem);
  const flops = trainingFlops(problem.config, problem.rows, problem.config.maxTextLength);
  const versions = Object.assign({}, ceilings?.versions, ...training.map(row => row.versions));
  const rows = comparisons(training, decoding);
  const losses = training.map(row => `${row.contender} ${row.losses.at(-1)!.toFixed(4)}`).join(', ');
  const lines = [
    `\n${name}, ${precision}, batch ${problem.rows}: ${imageTokens} image + ${problem.config.maxTextLength} text tokens, ${(flops / 1e12).toPrecision(3)} TFLOP a step`,
    ceilings &&
      `${ceilings.device}: matrix products of ${ceilings.matmul.size}³ ${(ceilings.matmul.flopsPerSecond / 1e12).toPrecision(3)} TFLOP/s, memory ${(ceilings.copy.bytesPerSecond / 1e9).toPrecision(3)} GB/s`,
    `\n${trainingTable(training)}`,
    `\n${decodingTable(decoding)}`,
    `\n${table(rows)}`,
    `\nlast losses: ${losses}`,
    ...training.map(({ contender, detail }) => `${contender}: ${detail}`),
    ...Object.entries(missing).map(([what, why]) => `${what} left out: ${why}`),
  ];
  console.error(lines.filter(line => line !== undefined).join('\n'));
  if (!given.json) return;
  const { config, rows: batch } = problem;
  const work = { config, batch, imageTokens, trainingFlops: flops };
  const report = { machine: machine(), versions, ceilings, work, rows, training, decoding, missing };
  writeFileSync(given.json, `${JSON.stringify(report, null, 2)}\n`);
}
