/** `pnpm scaling`: what pretraining at the paper's scale takes, as Markdown; `--help` has the figures that can be one's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './lib/machine';
import { h200, paper } from './scaling/defaults';
import { inDocs } from './scaling/docs';
import type { Measured, ModelName } from './scaling/figures';
import { type Question, tables } from './scaling/tables';

const RESULTS = fileURLToPath(new URL('./results/scaling.json', import.meta.url));
const DOCS = fileURLToPath(new URL('../docs/scaling.md', import.meta.url));

/** Options with a number: what it is, its default, and where it goes. */
const numbers = {
  'gpu-tflops': ['peak of a GPU in bfloat16, dense', h200.flops / 1e12],
  utilisation: ['share of that peak that training reaches', h200.utilisation],
  'gpu-gb': ['memory of a GPU, in GB', h200.memory / 1e9],
  'gpu-gb-per-second': ['bandwidth of that memory', h200.memoryBandwidth / 1e9],
  'gpus-per-node': ['GPUs of a machine', h200.gpusPerNode],
  'link-gb-per-second': ['what a GPU sends to others of its machine', h200.linkBandwidth / 1e9],
  'network-gb-per-second': ['what a GPU sends to other machines', h200.networkBandwidth / 1e9],
  'samples-per-core': ['pictures a second of one core; default: as measured', undefined],
  steps: ['optimiser steps', paper.steps],
  pairs: ['pairs of a step', paper.rows.pair],
  documents: ['documents of a step', paper.rows.document],
} as const satisfies Record<string, readonly [about: string, fallback: number | undefined]>;

const { values } = parseArgs({
  args: process.argv.slice(2).filter(argument => argument !== '--'),
  options: {
    ...Object.fromEntries(Object.keys(numbers).map(name => [name, { type: 'string' as const }])),
    gpus: { type: 'string', default: '1,8,512' },
    docs: { type: 'boolean', default: false },
    measure: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(usage());
else if (values.measure !== undefined) await measure(String(values.measure));
else {
  const made = tables(question());
  if (values.docs) writeFileSync(DOCS, inDocs(readFileSync(DOCS, 'utf8'), made));
  else console.log(Object.values(made).join('\n\n'));
}

function usage(): string {
  const options = Object.entries(numbers).map(
    ([name, [about, fallback]]) =>
      `  --${name} <n>`.padEnd(30) + about + (fallback === undefined ? '' : ` (${fallback})`),
  );
  return [
    'usage: pnpm scaling [options]',
    ...options,
    '  --gpus <list>               numbers of GPUs (1,8,512)',
    '  --docs                      write the tables into docs/scaling.md',
    '  --measure <part>            measure base, large or huge (activations), data or checkpoint, into results/scaling.json',
  ].join('\n');
}

function given(name: keyof typeof numbers): number | undefined {
  const text = (values as Record<string, unknown>)[name];
  if (text === undefined) return numbers[name][1];
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, got ${text}`);
  return value;
}

function question(): Question {
  const measured = JSON.parse(readFileSync(RESULTS, 'utf8')) as Measured;
  const number = (name: keyof typeof numbers) => given(name)!;
  const perCore = given('samples-per-core');
  return {
    gpus: String(values.gpus)
      .split(',')
      .map(Number)
      .filter(count => count >= 1),
    measured:
      perCore === undefined
        ? measured
        : { ...measured, data: { ...measured.data, cores: 1, picturesPerSecond: perCore } },
    recipe: {
      ...{ steps: number('steps'), tokens: measured.tokens },
      rows: { pair: number('pairs'), document: number('documents') },
    },
    cluster: {
      flops: number('gpu-tflops') * 1e12,
      utilisation: number('utilisation'),
      memory: number('gpu-gb') * 1e9,
      memoryBandwidth: number('gpu-gb-per-second') * 1e9,
      gpusPerNode: number('gpus-per-node'),
      linkBandwidth: number('link-gb-per-second') * 1e9,
      networkBandwidth: number('network-gb-per-second') * 1e9,
    },
  };
}

/** One part at a time, as each takes minutes: the others stay as they were. */
async function measure(part: string): Promise<void> {
  const before = JSON.parse(readFileSync(RESULTS, 'utf8')) as Measured;
  const { measureCheckpoint, measureData } = await import('./scaling/measure-data');
  const { measureActivations } = await import('./scaling/measure-activations');
  const now = async (): Promise<Partial<Measured>> => {
    if (part === 'data') return { data: await measureData() };
    if (part === 'checkpoint') return { checkpoint: await measureCheckpoint() };
    if (!['base', 'large', 'huge'].includes(part))
      throw new Error(`--measure takes ${usage().split('measure ').at(-1)}`);
    const { bytes, versions } = await measureActivations(part as ModelName, paper.tokens);
    return { versions, tokens: paper.tokens, activations: { ...before.activations, [part]: bytes } };
  };
  const measured = { ...before, ...(await now()), machine: machine() };
  writeFileSync(RESULTS, `${JSON.stringify(measured, null, 2)}\n`);
}
