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
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compile, firstErrors, type Target } from '../src/addon/build';
import { addonSource, cacheFolder, cacheKey, packageRoot } from '../src/addon/source';

const libtorch: Target['libtorch'] = {
  ...{ found: true, version: '2.6.0', cuda: null, cxx11Abi: true, source: 'a test' },
  ...{ includeDirs: ['/include'], libDirs: ['/lib'], libs: ['torch'] },
};

describe('the addon is built', () => {
  let folder: string;
  let target: Target;
  const compilerBefore = process.env.CXX;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simvlm-build-'));
    target = { libtorch, source: addonSource(), file: join(folder, 'key', 'simvlm_native.node') };
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

  test('headers of Gloo or NCCL that do not fit cost the processes, not the backend', async () => {
    for (const header of ['torch/csrc/distributed/c10d/TCPStore.hpp', 'gloo/algorithm.h']) {
      mkdirSync(join(folder, dirname(header)), { recursive: true });
      writeFileSync(join(folder, header), '');
    }
    target = { ...target, libtorch: { ...libtorch, includeDirs: [folder] } };
    compiler(
      `case "$*" in *USE_C10D*) echo "gloo.h:1:1: error: no such thing" >&2; exit 1;; esac; echo made > "$out"`,
    );
    const lines: string[] = [];
    await compile(target, line => lines.push(line));
    expect(existsSync(target.file)).toBe(true);
    expect(lines).toContain(
      'once more without -DUSE_C10D_GLOO, as the native addon does not compile: gloo.h:1:1: error: no such thing',
    );
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
    const key = cacheKey(source, libtorch);
    expect(key).toMatch(/^[0-9a-f]{24}$/);
    expect(cacheKey(source, { ...libtorch, source: 'elsewhere' })).toBe(key);
    expect(cacheKey(source, { ...libtorch, version: '2.6.1' })).not.toBe(key);
    expect(cacheKey(source, { ...libtorch, cxx11Abi: false })).not.toBe(key);
    expect(cacheFolder({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/simvlm/native');
    expect(cacheFolder({})).toMatch(/\.cache\/simvlm\/native$/);
  });
});
