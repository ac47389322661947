import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BackendError } from '@simvlm/core';
import { checkFolder, writeProblem } from '@simvlm/core/node';
import { collectives, compileFlags, linkFlags } from './flags';
import { whileLocked } from './lock';
import type { Libtorch } from './machine';
import { type AddonSource, addonSource, cacheFolder, cacheKey, nodeApiHeaders } from './source';

/** How the folders begin in which an addon is compiled. */
const WORK = 'build-';

/** What is being done, for people. */
export type Progress = (line: string) => void;

/** The addon for a libtorch: what it is made of, and where it lies once it is built. */
export interface Target {
  readonly libtorch: Libtorch;
  readonly source: AddonSource;
  readonly file: string;
}

export function targetFor(libtorch: Libtorch): Target {
  const source = addonSource();
  return { libtorch, source, file: join(cacheFolder(), cacheKey(source, libtorch), 'simvlm_native.node') };
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

async function build({ libtorch, source, file }: Target, work: string, onProgress: Progress): Promise<void> {
  onProgress(`compiling the native addon for libtorch ${libtorch.version} (${libtorch.source})`);
  const compiler = process.env.CXX || 'g++';
  const flags = compileFlags(libtorch, nodeApiHeaders());
  // Nearly all the time goes into reading libtorch's headers. So the files are compiled as two, side by side: as one
  // each, the headers would be read ten times.
  const halves = [0, 1].map(half => source.units.filter((_, i) => i % 2 === half));
  const objects = await Promise.all(
    halves.map(async (units, half) => {
      const unit = join(work, `half${half}.cc`);
      writeFileSync(unit, units.map(name => `#include "${join(source.folder, name)}"\n`).join(''));
      const compileUnit = (flags: string[]) => run(compiler, [...flags, '-c', unit, '-o', `${unit}.o`]);
      await compileUnit(flags).catch(error => {
        // Headers of Gloo and NCCL come from elsewhere than libtorch's: one that does not fit must not cost the backend.
        const processes = collectives(libtorch);
        if (processes.length === 0) throw error;
        onProgress(`once more without ${processes.join(' and ')}, as ${(error as Error).message}`);
        return compileUnit(flags.filter(flag => !processes.includes(flag)));
      });
      onProgress(`compiled ${units.join(', ')}`);
      return `${unit}.o`;
    }),
  );
  const linked = join(work, 'simvlm_native.node');
  await run(compiler, ['-shared', '-o', linked, ...objects, ...linkFlags(libtorch)]);
  // For people who look into the cache.
  writeFileSync(join(dirname(file), 'libtorch.json'), `${JSON.stringify(libtorch, null, 2)}\n`);
  renameSync(linked, file);
  onProgress(`built ${file}`);
}

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26 }, (error, _, stderr) => {
      if (!error) return resolve();
      const message =
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? `the native addon must be compiled once, and there is no ${command}: apt-get install g++, or set CXX`
          : `the native addon does not compile: ${firstErrors(stderr)}`;
      reject(new BackendError('BACKEND_UNAVAILABLE', message, { cause: error }));
    });
  });
}

/** The first errors of a compiler or linker, or else its last lines, as one line. */
export function firstErrors(stderr: string): string {
  const lines = stderr.split('\n').filter(line => line.trim() !== '');
  const errors = lines.filter(line => /\berror\b|undefined reference|cannot find/.test(line));
  const missing = /fatal error: (\S+): No such file/.exec(stderr)?.[1];
  const hint = missing?.startsWith('cuda') ? '; CUDA’s headers are missing: set CUDA_HOME' : '';
  return (errors.length > 0 ? errors.slice(0, 3) : lines.slice(-3)).join('; ') + hint;
}
