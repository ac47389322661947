/**
 * A pretrained captioner at full size, `git-base` (177 M parameters, random weights), beside transformers: import, greedy captions of one picture
 * on the native and the wasm backend, and steps of LoRA. It writes 1.5 GB below .cache/ and removes them.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, startChild } from './lib/process';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, type BenchRow, median, timeRow } from './lib/table';
import { python } from './native/contenders';
import type { ChildOptions, Generation, Request, Step } from './pretrained/child';

const THREADS = 2;
/** New tokens of a caption. */
const LENGTHS = [1, 20];
/** Of the adapters. */
const RANK = 8;
const STEP_TOKENS = 20;
const MIB = 2 ** 20;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const root = here('../.cache/bench-pretrained/');
const [source, imported] = [join(root, 'git-base'), join(root, 'simvlm')];
const PEER = 'transformers';

interface Hello {
  readonly versions: Readonly<Record<string, string>>;
  readonly detail: string;
}

type Child = Awaited<ReturnType<typeof startChild<Hello>>>;

export async function run({ quick, part }: BenchOptions): Promise<BenchResult> {
  const parts = part?.split(',') ?? ['import', 'caption', 'lora'];
  const rows: BenchRow[] = [];
  const notes: string[] = [];
  const versions: Record<string, string> = {};
  rmSync(root, { recursive: true, force: true });
  try {
    progress('writing the weights');
    write();
    rows.push(...(await importing()));
    const found = parts.includes('caption') ? await captions(quick ? 1 : 7) : undefined;
    if (found) rows.push(...found.rows);
    if (parts.includes('lora')) rows.push(...(await steps(quick ? [1] : [1, 8], versions)));
    for (const hello of found?.hellos ?? []) {
      Object.assign(versions, hello.versions);
      notes.push(`${hello.name}: ${hello.detail}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return {
    versions,
    rows,
    notes: [
      ...notes,
      'a caption is from the pixels of one picture to its tokens; all wrote the same tokens',
      `LoRA: rank ${RANK} beside all queries and values, texts of ${STEP_TOKENS} tokens, native backend; peak memory of the whole process`,
    ],
  };
}

function write(): void {
  const { status, stderr } = spawnSync(python(), [here('./pretrained/peer.py'), 'write', source], {
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(
      `the model could not be written (pip install torch transformers): ${stderr.trim().split('\n').at(-1)}`,
    );
}

/** Time and memory of the command line, from its start to its end. */
async function importing(): Promise<BenchRow[]> {
  progress('importing');
  const command = [here('../scripts/simvlm.mjs'), 'import', source, '--out', imported];
  const { seconds, mebibytes } = await measure(process.execPath, command);
  const weights = { name: 'the weights', value: statSync(join(source, 'model.safetensors')).size / MIB };
  return [
    timeRow('simvlm import', seconds, undefined, 's'),
    ...(mebibytes ? [timeRow('simvlm import, peak memory', mebibytes, weights, 'MiB')] : []),
  ];
}

/** All at a time, each asked in turn, so that all see the same machine; the first round is not measured. */
async function captions(rounds: number) {
  const contenders: { name: string; child: Child; milliseconds: number[][]; tokens: string }[] = [];
  const start = async (name: string, child: Promise<Child>) =>
    contenders.push({ name, child: await child, milliseconds: LENGTHS.map(() => []), tokens: '' });
  try {
    await start('native', ours({ backend: 'native', threads: THREADS }));
    await start('wasm', ours({ backend: 'wasm', threads: THREADS }));
    const args = [here('./pretrained/peer.py'), 'run', source, `${THREADS}`];
    await start(PEER, startChild<Hello>(python(), args, environment));
    for (let round = 0; round <= rounds; round++)
      for (const each of contenders) {
        progress(`captions, round ${round} of ${rounds}: ${each.name}`);
        for (const [i, length] of LENGTHS.entries()) {
          const request: Request = { generate: { tokens: length } };
          const { milliseconds, tokens } = await each.child.ask<Generation>(request);
          if (round > 0) each.milliseconds[i]!.push(milliseconds);
          each.tokens = tokens.join(' ');
        }
      }
  } finally {
    await Promise.all(contenders.map(({ child }) => child.stop()));
  }
  const peer = contenders.at(-1)!;
  for (const { name, tokens } of contenders)
    if (tokens !== peer.tokens)
      throw new Error(`${name} wrote other tokens than ${PEER}: ${tokens}, not ${peer.tokens}`);
  const rows = contenders.slice(0, -1).flatMap(({ name, milliseconds }) =>
    LENGTHS.map((length, i) => {
      const what = length === 1 ? 'the first token' : `${length} tokens`;
      const theirs = { name: PEER, value: median(peer.milliseconds[i]!) };
      return timeRow(`${name}: a picture to ${what}`, median(milliseconds[i]!), theirs);
    }),
  );
  return { rows, hellos: contenders.map(({ name, child }) => ({ ...child.hello, name })) };
}

async function steps(sizes: readonly number[], versions: Record<string, string>): Promise<BenchRow[]> {
  const child = await ours({ backend: 'native', threads: THREADS, lora: RANK });
  Object.assign(versions, child.hello.versions);
  try {
    const rows: BenchRow[] = [];
    for (const size of sizes) {
      progress(`LoRA, batch ${size}`);
      const request: Request = { train: { rows: size, tokens: STEP_TOKENS } };
      const ask = () => child.ask<Step>(request);
      // The first step allocates.
      const measured = [await ask(), await ask(), await ask()];
      const peak = Math.max(...measured.map(({ resident }) => resident)) / MIB;
      const milliseconds = median(measured.slice(1).map(step => step.milliseconds));
      rows.push(timeRow(`a step of LoRA, batch ${size}`, milliseconds));
      rows.push(timeRow(`a step of LoRA, batch ${size}, peak memory`, peak, undefined, 'MiB'));
    }
    return rows;
  } finally {
    await child.stop();
  }
}

const environment = { OMP_NUM_THREADS: `${THREADS}`, OPENBLAS_NUM_THREADS: `${THREADS}` };

function ours(options: ChildOptions): Promise<Child> {
  const args = [imported, join(source, 'picture.rgb'), JSON.stringify(options)];
  return startChild<Hello>(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', here('./pretrained/child.ts'), ...args],
    environment,
  );
}
