/** The addon on libtorchs that the other tests do not run on: compiled, linked, loaded, and a few operators on the CPU. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { cudaLibtorch, debianLibtorch } from '../../../scripts/parts/libtorchs';
import { needs } from '../../../scripts/parts/needs';
import { compile, targetFor } from '../src/addon/build';
import type { Libtorch } from '../src/addon/machine';
import { mentions } from '../src/addon/symbols';

const { test: testWithCuda } = await needs('libtorch-cuda');
const { test: testWithDebians } = await needs('libtorch-debian');

const TIMEOUT = 600_000;

/** In a process of its own: only one libtorch goes into one. */
async function compute(libtorch: Libtorch, file: string): Promise<unknown> {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const args = ['--import', tsx, path('few-operators.ts'), file];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: path('../../..') });
  const { version, ...rest } = JSON.parse(stdout);
  expect(version.startsWith(libtorch.version.split('.').slice(0, 2).join('.'))).toBe(true);
  return rest;
}

const results = { product: [19, 22, 43, 50], relu: [0, 2], gradient: [0, 1], isError: true };

/** Compiles it whole: nothing is left out. */
async function compiled(libtorch: Libtorch): Promise<string> {
  const lines: string[] = [];
  const target = targetFor(libtorch, false);
  expect(target.features.leftOut).toEqual([]);
  const file = await compile(target, line => lines.push(line));
  expect(lines.filter(line => line.startsWith('once more'))).toEqual([]);
  return file;
}

testWithCuda(
  'with CUDA: all of CUDA and NCCL compiles and links, and the CPU computes',
  async () => {
    const libtorch = cudaLibtorch()!;
    const file = await compiled(libtorch);
    for (const symbol of ['ProcessGroupNCCLC1E', 'ProcessGroupGlooC1E', 'cudaMemGetInfo', 'CUDAGraph'])
      expect(await mentions(file, symbol), symbol).toBe(true);
    expect(await compute(libtorch, file)).toEqual({ ...results, cuda: true });
  },
  TIMEOUT,
);

testWithDebians(
  'Debian’s: it compiles, links and computes',
  async () => {
    const libtorch = debianLibtorch()!;
    const file = await compiled(libtorch);
    expect(await mentions(file, 'ProcessGroupGlooC1E')).toBe(true);
    expect(await compute(libtorch, file)).toEqual({ ...results, cuda: false });
  },
  TIMEOUT,
);
