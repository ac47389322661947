import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@simvlm/core';
import sharp from 'sharp';
import { vi } from 'vitest';
import { simvlmProgram } from '../../../scripts/parts/program';
import { run } from '../src/program';

const colours = {
  red: [220, 40, 40],
  green: [40, 160, 60],
  blue: [50, 80, 220],
  black: [20, 20, 20],
} as const;
const shapes = {
  square: (x: number, y: number) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  disc: (x: number, y: number) => x * x + y * y < 0.7,
  cross: (x: number, y: number) => Math.min(Math.abs(x), Math.abs(y)) < 0.25,
};

/** Drawn pictures with captions such as "a red disc": a folder with `captions.jsonl`. */
export async function drawFolder(folder: string, count: number, seed: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const random = Random.fromSeed(seed);
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const colour = random.pick(Object.keys(colours) as (keyof typeof colours)[]);
    const shape = random.pick(Object.keys(shapes) as (keyof typeof shapes)[]);
    await sharp(draw(colours[colour], shapes[shape], random), { raw: { width: 16, height: 16, channels: 3 } })
      .png()
      .toFile(join(folder, `${i}.png`));
    lines.push(JSON.stringify({ image: `${i}.png`, text: `a ${colour} ${shape}` }));
  }
  writeFileSync(join(folder, 'captions.jsonl'), `${lines.join('\n')}\n`);
  return folder;
}

function draw(
  rgb: readonly [number, number, number],
  inside: (x: number, y: number) => boolean,
  random: Random,
): Uint8Array {
  const data = new Uint8Array(16 * 16 * 3).fill(255);
  const [cx, cy] = [6 + random.integer(4), 6 + random.integer(4)];
  for (let y = 0; y < 16; y++)
    for (let x = 0; x < 16; x++) {
      const [u, v] = [(x - cx + 0.5) / 5, (y - cy + 0.5) / 5];
      if (Math.max(Math.abs(u), Math.abs(v)) <= 1 && inside(u, v)) data.set(rgb, (y * 16 + x) * 3);
    }
  return data;
}

/** A model for these pictures that trains in seconds. */
export const smallModel = {
  architecture: 'encoder-decoder',
  imageSize: 16,
  width: 32,
  layers: 1,
  heads: 2,
  mlp: 64,
  maxTextLength: 8,
  patcher: { kind: 'linear', patchSize: 4 },
};

/** A run configuration on a drawn folder. */
export function smallConfig(
  folder: string,
  { optimizer, ...change }: { optimizer?: object; [key: string]: unknown } = {},
): object {
  return {
    name: 'shapes',
    model: smallModel,
    data: { train: folder },
    tokenizer: { vocabSize: 60 },
    batch: { imageText: 16, textOnly: 0 },
    objective: { kind: 'mixture', captionProbability: 0.75 },
    optimizer: { learningRate: 5e-3, warmup: 5, schedule: 'cosine', ...optimizer },
    regularization: { labelSmoothing: 0.05 },
    steps: 60,
    ...change,
  };
}

/**
 * Forty pictures of a plug-in, with random access: their rows are the same in any number of processes, which those of files, read in order, are
 * not.
 */
export const drawnAnywhere = {
  source: { source: 'pictures' },
  plugins: ['./pictures.mjs'],
  file: [
    'pictures.mjs',
    `
const colours = { red: [220, 40, 40], green: [40, 160, 60], blue: [50, 80, 220], black: [20, 20, 20] };
const get = i => {
  const [name, rgb] = Object.entries(colours)[i % 4];
  const data = Uint8Array.from({ length: 768 }, (_, at) => rgb[at % 3] + (at * i) % 30);
  const text = 'a ' + name + ' square' + ' again'.repeat(i % 3);
  return { id: String(i), text, image: { width: 16, height: 16, data } };
};
export default {
  name: 'pictures',
  setup: registry => registry.register('source', 'pictures', async () => ({ length: 40, get })),
};
`,
  ],
} as const;

/** An empty folder that is the working directory until `leave`. */
export function workingFolder() {
  const before = process.cwd();
  const path = mkdtempSync(join(tmpdir(), 'simvlm-cli-'));
  process.chdir(path);
  return {
    path,
    write: (name: string, content: string | object) =>
      writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content)),
    leave() {
      process.chdir(before);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Runs the command line in this process and gives what it printed. */
export async function simvlm(...args: string[]) {
  const printed = { out: '', err: '' };
  const capture = (key: 'out' | 'err') => (chunk: unknown) => {
    printed[key] += String(chunk);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(capture('out') as never),
    vi.spyOn(process.stderr, 'write').mockImplementation(capture('err') as never),
  ];
  try {
    return { code: await run(args), ...printed, lines: printed.out.split('\n').filter(line => line !== '') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The single result of `simvlm eval --json`: its numbers, with what else it says. */
export function evaluated(out: string): Record<string, unknown> & Record<'count' | 'accuracy', number> {
  const { results } = JSON.parse(out);
  if (results.length !== 1) throw new Error(`${results.length} results`);
  const [{ metrics, ...result }] = results;
  return { ...result, ...metrics };
}

/** Starts the command line in a Node process of its own and in the working directory. */
export function startSimvlm(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const { command, env } = simvlmProgram();
  const [node, ...program] = command;
  return spawn(node, [...program, ...args], {
    stdio: 'pipe',
    env: { ...process.env, ...env, ...environment },
  });
}

/** A port of 127.0.0.1 that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** How a process ended: its exit code, or the signal that killed it. */
export function ended(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
}
