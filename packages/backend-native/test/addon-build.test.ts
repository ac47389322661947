import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile, firstErrors, type Target } from '../src/addon/build';
import type { Features } from '../src/addon/features';
import { addonSource, cacheFolder, cacheKey, packageRoot } from '../src/addon/source';
import { mentions } from '../src/addon/symbols';

const libtorch: Target['libtorch'] = {
  ...{ found: true, version: '2.6.0', cuda: null, cxx11Abi: true, source: 'a test' },
  ...{ includeDirs: ['/include'], libDirs: ['/lib'], libs: ['torch'] },
};

const features: Features = { cuda: false, gloo: false, nccl: false, includeDirs: [], leftOut: [] };

describe('the addon is built', () => {
  let folder: string;
  let target: Target;
  const compilerBefore = process.env.CXX;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simvlm-build-'));
    target = { libtorch, features, source: addonSource(), file: join(folder, 'key', 'simvlm_native.node') };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (compilerBefore === undefined) delete process.env.CXX;
    else process.env.CXX = compilerBefore;
  });

  /** A shell script in place of the compiler; `$out` is the file that it shall write. */
  const compiler = (script: string) => {
    const file = join(folder, 'compiler');
    writeFileSync(
      file,
      `#!/bin/sh\nprevious=\nfor a in "$@"; do [ "$previous" = -o ] && out=$a; previous=$a; done\n${script}\n`,
    );
    chmodSync(file, 0o755);
    process.env.CXX = file;
  };
  const leftovers = () => readdirSync(join(folder, 'key')).filter(name => /^build-|^lock/.test(name));

  test('every C++ file once, and only the result stays', async () => {
    compiler(`echo "$@" >> ${folder}/calls; case "$*" in *-c*) cat "$4" >/dev/null 2>&1;; esac; echo made > "$out"
      for a in "$@"; do case "$a" in *half*.cc) cat "$a" >> ${folder}/sources;; esac; done`);
    const lines: string[] = [];
    expect(await compile(target, line => lines.push(line))).toBe(target.file);
    expect(readFileSync(target.file, 'utf8')).toBe('made\n');
    const sources = readFileSync(join(folder, 'sources'), 'utf8').trim().split('\n').sort();
    expect(sources).toEqual(
      addonSource().units.map(name => `#include "${join(packageRoot(), 'addon', name)}"`),
    );
    expect(leftovers()).toEqual([]);
    expect(lines[0]).toBe('compiling the native addon for libtorch 2.6.0 (a test)');
    expect(lines.at(-1)).toBe(`built ${target.file}`);
  });

  test('two at once build once', async () => {
    compiler(`echo call >> ${folder}/calls; sleep 0.1; echo made > "$out"`);
    await Promise.all([compile(target), compile(target), compile(target)]);
    expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).toHaveLength(3); // two halves and a link
  });

  test('a lock that a killed process left does not count', async () => {
    compiler('echo made > "$out"');
    await compile(target);
    rmSync(target.file);
    writeFileSync(join(folder, 'key', 'lock'), '4194305'); // above the highest process id of Linux
    await compile(target);
    expect(existsSync(target.file)).toBe(true);
  });

  test('what a killed build left is removed', async () => {
    compiler('echo made > "$out"');
    mkdirSync(join(folder, 'key', 'build-killed', 'inside'), { recursive: true });
    await compile(target);
    expect(leftovers()).toEqual([]);
  });

  test('a cache that cannot be written is named, with what to set', async () => {
    writeFileSync(join(folder, 'key'), 'a file in the place of the folder');
    await expect(compile(target)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/^cannot write the folder .*key: .*; set XDG_CACHE_HOME to a folder/),
    });
  });

  test('the compiler’s errors come in one line, and nothing half done stays', async () => {
    compiler('echo "In file included from x" >&2; echo "a.cc:3:1: error: no such thing" >&2; exit 1');
    await expect(compile(target)).rejects.toMatchObject({
      ...{ code: 'BACKEND_UNAVAILABLE' },
      message: 'the native addon does not compile: a.cc:3:1: error: no such thing',
    });
    expect(leftovers()).toEqual([]);
    expect(existsSync(target.file)).toBe(false);
  });

  test('a half that fails waits for the other, which still writes', async () => {
    compiler(`case "$*" in *half0*) echo "a.cc:1:1: error: no such thing" >&2; exit 1;; esac
      sleep 0.3; echo made > "$out" && echo whole > ${folder}/other`);
    await expect(compile(target)).rejects.toThrow('no such thing');
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('whole\n');
    expect(leftovers()).toEqual([]);
  });

  /** Libraries of a libtorch, with what their symbols begin with. */
  const libraries = (symbols: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(symbols)) writeFileSync(join(folder, name), `\0ELF${text}\0`);
    return { ...libtorch, libDirs: [folder] };
  };
  const withBoth = {
    'libtorch_cpu.so': '_ZN4c10d16ProcessGroupGlooC1ERKN3c10',
    'libtorch_cuda.so': '_ZN4c10d16ProcessGroupNCCLC1EN3c10',
  };
  const both = { ...features, cuda: true, gloo: true, nccl: true };

  test('headers of NCCL or Gloo that do not fit cost the processes, not the backend', async () => {
    target = { ...target, libtorch: libraries(withBoth), features: both };
    compiler(`case "$*" in *USE_C10D_NCCL*) echo "nccl.h:1:1: error: no such thing" >&2; exit 1;; esac
      case "$*" in *USE_C10D_GLOO*) echo "gloo.h:1:1: error: nor this" >&2; exit 1;; esac; echo made > "$out"`);
    const lines: string[] = [];
    await compile(target, line => lines.push(line));
    expect(existsSync(target.file)).toBe(true);
    expect(lines.filter(line => line.startsWith('once more'))).toEqual([
      'once more without NCCL, as the native addon does not compile: nccl.h:1:1: error: no such thing',
      'once more without Gloo, as the native addon does not compile: gloo.h:1:1: error: nor this',
    ]);
  });

  test.each<[string, Record<string, string>, RegExp, RegExp]>([
    ['both', withBoth, /-DUSE_C10D_GLOO -DUSE_C10D_NCCL/, /^$/],
    ['Gloo alone', { ...withBoth, 'libtorch_cuda.so': '' }, /-DUSE_C10D_GLOO/, /NCCL/],
    ['none', { 'libtorch_cpu.so': '', 'libtorch_cuda.so': '' }, /-DSIMVLM_CUDA/, /C10D/],
  ])('processes talk through what is inside libtorch: %s', async (_, symbols, present, absent) => {
    target = { ...target, libtorch: libraries(symbols), features: both };
    compiler(`echo "$@" > ${folder}/calls.$$; echo made > "$out"`);
    await compile(target);
    const calls = readdirSync(folder).filter(name => name.startsWith('calls'));
    const flags = calls
      .map(name => readFileSync(join(folder, name), 'utf8'))
      .filter(call => / -c /.test(call));
    expect(flags).toHaveLength(2);
    for (const call of flags) {
      expect(call).toMatch(present);
      expect(call).not.toMatch(absent);
    }
  });

  test('an obstacle is the error, and the compiler is not asked', async () => {
    compiler(`echo call >> ${folder}/calls`);
    target = { ...target, features: { ...features, obstacle: 'no headers of CUDA' } };
    await expect(compile(target)).rejects.toThrow('the native addon does not compile: no headers of CUDA');
    expect(existsSync(join(folder, 'calls'))).toBe(false);
  });

  test('a missing compiler is named with what to install', async () => {
    process.env.CXX = 'no-such-compiler';
    await expect(compile(target)).rejects.toThrow(
      'the native addon must be compiled once, and there is no no-such-compiler: apt-get install g++, or set CXX',
    );
  });

  test('errors of the linker count too; without any, the last lines', () => {
    expect(firstErrors('/usr/bin/ld: cannot find -ltorch\ncollect2: error: ld returned 1\n')).toBe(
      '/usr/bin/ld: cannot find -ltorch; collect2: error: ld returned 1',
    );
    expect(firstErrors('a\nb\nc\nd\n')).toBe('b; c; d');
  });

  test('the key changes with the libtorch; the cache follows XDG_CACHE_HOME', () => {
    const source = addonSource();
    const keyOf = (change: Partial<Target['libtorch']>, added: Partial<Features> = {}) =>
      cacheKey(source, { ...libtorch, ...change }, { ...features, ...added });
    const key = keyOf({});
    expect(key).toMatch(/^[0-9a-f]{24}$/);
    expect(keyOf({ source: 'elsewhere' })).toBe(key);
    expect(keyOf({ version: '2.6.1' })).not.toBe(key);
    expect(keyOf({ cxx11Abi: false })).not.toBe(key);
    expect(keyOf({}, { gloo: true })).not.toBe(key);
    expect(keyOf({}, { leftOut: ['NCCL'] })).toBe(key);
    expect(cacheFolder({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/simvlm/native');
    expect(cacheFolder({})).toMatch(/\.cache\/simvlm\/native$/);
  });
});

test('a name in a library is found, also where two parts of it meet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simvlm-symbols-'));
  const library = join(folder, 'lib.so');
  const part = 1 << 23;
  for (const position of [0, 100, part - 4, part, 2 * part - 1]) {
    const bytes = Buffer.alloc(2 * part + 100);
    bytes.write('_ZN4c10d', position);
    writeFileSync(library, bytes);
    expect(await mentions(library, '_ZN4c10d'), `at ${position}`).toBe(true);
    expect(await mentions(library, '_ZN4c10e')).toBe(false);
  }
  rmSync(folder, { recursive: true });
});
