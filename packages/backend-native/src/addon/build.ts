import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BackendError } from '@simvlm/core';
import { checkFolder, writeProblem } from '@simvlm/core/node';
import { type Features, featuresOf } from './features';
import { compileFlags, linkFlags } from './flags';
import { whileLocked } from './lock';
import type { Libtorch } from './machine';
import { type AddonSource, addonSource, cacheFolder, cacheKey, glooNames, nodeApiHeaders } from './source';
import { mentions } from './symbols';

/** How the folders begin in which an addon is compiled. */
const WORK = 'build-';

/** What is being done, for people. */
export type Progress = (line: string) => void;

/** The addon for a libtorch: what it is made of, and where it lies once it is built. */
export interface Target {
  readonly libtorch: Libtorch;
  readonly features: Features;
  readonly source: AddonSource;
  readonly file: string;
}

/** @param hasGpu whether this machine has a GPU, for which the addon must be compiled with CUDA */
export function targetFor(libtorch: Libtorch, hasGpu: boolean): Target {
  const source = addonSource();
  const features = featuresOf(libtorch, hasGpu);
  const key = cacheKey(source, libtorch, features);
  return { libtorch, features, source, file: join(cacheFolder(), key, 'simvlm_native.node') };
}

/**
 * Compiles the addon, unless it is there. Of two processes that want it at once, one waits for the other; and since it
 * is compiled elsewhere and renamed at the end, nobody ever sees half of it.
 *
 * @returns the addon's file
 * @throws BackendError `BACKEND_UNAVAILABLE` with what is missing, the compiler's first errors, or why the cache cannot be written
 */
export async function compile(target: Target, onProgress: Progress = () => {}): Promise<string> {
  const { file } = target;
  if (existsSync(file)) return file;
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true });
    await checkFolder(folder);
  } catch (error) {
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      `cannot write the folder of the compiled addon, ${folder}: ${writeProblem(folder, error)}; set XDG_CACHE_HOME to a folder that can be written`,
      { cause: error },
    );
  }
  await whileLocked(join(folder, 'lock'), async () => {
    if (existsSync(file)) return; // the other process was first
    // What a killed build left: while this process has the lock, no other one builds.
    for (const entry of readdirSync(folder).filter(name => name.startsWith(WORK)))
      rmSync(join(folder, entry), { recursive: true, force: true });
    const work = mkdtempSync(join(folder, WORK));
    try {
      await build(target, work, onProgress);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return file;
}

async function build(target: Target, work: string, onProgress: Progress): Promise<void> {
  const { libtorch, features, file } = target;
  onProgress(`compiling the native addon for libtorch ${libtorch.version} (${libtorch.source})`);
  if (features.obstacle !== undefined)
    throw new BackendError('BACKEND_UNAVAILABLE', `${NOT_COMPILED}: ${features.obstacle}`);
  const objects = await compileWithWhatFits(target, work, onProgress);
  const linked = join(work, 'simvlm_native.node');
  await run(compiler(), ['-shared', '-o', linked, ...objects, ...linkFlags(libtorch)]);
  // For people who look into the cache.
  writeFileSync(join(dirname(file), 'libtorch.json'), `${JSON.stringify(libtorch, null, 2)}\n`);
  renameSync(linked, file);
  onProgress(`built ${file}`);
}

/**
 * Headers that do not fit must cost several processes, not the backend: those of c10d and NCCL change between versions. So what
 * does not compile is compiled once more without NCCL, and then without Gloo.
 */
async function compileWithWhatFits(target: Target, work: string, onProgress: Progress): Promise<string[]> {
  let features = await withSymbols(target);
  for (;;) {
    try {
      return await compileAll({ ...target, features }, work, onProgress);
    } catch (error) {
      const next = features.nccl ? 'nccl' : features.gloo ? 'gloo' : undefined;
      if (next === undefined || !(error as BackendError).message.startsWith(NOT_COMPILED)) throw error;
      const name = { nccl: 'NCCL', gloo: 'Gloo' }[next];
      onProgress(`once more without ${name}, as ${(error as Error).message}`);
      features = { ...features, [next]: false };
    }
  }
}

/** A libtorch may have been built without Gloo or NCCL and have their headers all the same. */
async function withSymbols({ features, libtorch }: Target): Promise<Features> {
  const has = (library: string, symbol: string) =>
    mentions(join(libtorch.libDirs[0]!, library), `_ZN4c10d16${symbol}C1E`);
  return {
    ...features,
    gloo: features.gloo && (await has('libtorch_cpu.so', 'ProcessGroupGloo')),
    nccl: features.nccl && (await has('libtorch_cuda.so', 'ProcessGroupNCCL')),
  };
}

/**
 * Nearly all the time goes into reading libtorch's headers. So the files are compiled as two, side by side: as one each, the headers
 * would be read ten times.
 *
 * @returns the object files, once both compilers have ended: a folder that one still writes to must not be removed
 */
async function compileAll(
  { libtorch, features, source }: Target,
  work: string,
  onProgress: Progress,
): Promise<string[]> {
  const flags = compileFlags(libtorch, features, [nodeApiHeaders(), glooNames(source)]);
  const halves = await Promise.allSettled(
    [0, 1].map(async half => {
      const units = source.units.filter((_, i) => i % 2 === half);
      const unit = join(work, `half${half}.cc`);
      writeFileSync(unit, units.map(name => `#include "${join(source.folder, name)}"\n`).join(''));
      await run(compiler(), [...flags, '-c', unit, '-o', `${unit}.o`]);
      onProgress(`compiled ${units.join(', ')}`);
      return `${unit}.o`;
    }),
  );
  return halves.map(half => {
    if (half.status === 'rejected') throw half.reason;
    return half.value;
  });
}

function compiler(): string {
  return process.env.CXX || 'g++';
}

const NOT_COMPILED = 'the native addon does not compile';

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26 }, (error, _, stderr) => {
      if (!error) return resolve();
      const message =
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? `the native addon must be compiled once, and there is no ${command}: apt-get install g++, or set CXX`
          : `${NOT_COMPILED}: ${firstErrors(stderr)}`;
      reject(new BackendError('BACKEND_UNAVAILABLE', message, { cause: error }));
    });
  });
}

/** The first errors of a compiler or linker, or else its last lines, as one line. */
export function firstErrors(stderr: string): string {
  const lines = stderr.split('\n').filter(line => line.trim() !== '');
  const errors = lines.filter(line => /\berror\b|undefined reference|cannot find/.test(line));
  return (errors.length > 0 ? errors.slice(0, 3) : lines.slice(-3)).join('; ');
}
