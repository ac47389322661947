import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasOpenBlasOnPosixThreads, triplet } from '../src/addon/blas';
import { featuresOf } from '../src/addon/features';
import { compileFlags, linkFlags } from '../src/addon/flags';
import { locateLibtorch } from '../src/addon/locate';
import type { Libtorch, Machine } from '../src/addon/machine';

const NEW_ABI =
  '_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE';
const OLD_ABI = '_ZN3c106detail14torchCheckFailEPKcS2_jRKSs';

describe('a libtorch is found', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'simvlm-locate-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const file = (path: string, text = '') => {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  /** Puts a libtorch into a folder. */
  const libtorch = (
    folder: string,
    { version = '2.6.0', lib = 'lib', cuda = false, symbols = NEW_ABI, newHeaders = false } = {},
  ) => {
    file(`${folder}/include/ATen/core/dispatch/Dispatcher.h`);
    const defined = `#define TORCH_VERSION \\\n  "${version}"\n`;
    const old = 'torch/csrc/api/include/torch/version.h';
    file(`${folder}/include/${old}`, newHeaders ? '#include <torch/headeronly/version.h>\n' : defined);
    if (newHeaders)
      file(`${folder}/include/torch/headeronly/version.h`, `#define TORCH_VERSION "${version}"\n`);
    file(`${folder}/${lib}/libtorch_cpu.so`);
    file(`${folder}/${lib}/libc10.so`, `\0ELF ${symbols} \0`);
    if (cuda) file(`${folder}/${lib}/libtorch_cuda.so`);
    return join(root, folder);
  };
  const locate = (changes: Partial<Machine> = {}) =>
    locateLibtorch({
      ...{ env: {}, home: join(root, 'home'), root, triplet, hasGpu: false, askPython: () => null },
      ...changes,
    });
  const found = (changes: Partial<Machine> = {}): Libtorch => {
    const libtorch = locate(changes);
    if (!libtorch.found) throw new Error(libtorch.reasons.join('\n'));
    return libtorch;
  };

  const flagsFor = (libtorch: Libtorch) => compileFlags(libtorch, featuresOf(libtorch, false, []), ['/node']);

  test('nowhere: the reasons say where it was looked for', () => {
    const nothing = locate();
    expect(nothing.found).toBe(false);
    const reasons = nothing.found ? [] : nothing.reasons;
    expect(reasons[1]).toContain(`${root}/opt/libtorch`);
    expect(reasons.slice(2)).toEqual(['python3: no torch', 'python: no torch']);
  });

  test('Debian’s package, its libraries under the machine’s name', () => {
    libtorch('usr', { version: '1.13.0', lib: `lib/${triplet}` });
    expect(found()).toEqual({
      ...{ found: true, version: '1.13.0', cuda: null, cxx11Abi: true, source: join(root, 'usr') },
      includeDirs: [join(root, 'usr/include'), join(root, 'usr/include/torch/csrc/api/include')],
      libDirs: [join(root, `usr/lib/${triplet}`)],
      libs: ['torch', 'torch_cpu', 'c10'],
    });
  });

  test('an unpacked archive that a variable names, before all others', () => {
    libtorch('usr', { version: '1.13.0', lib: `lib/${triplet}` });
    const folder = libtorch('downloads/libtorch', { version: '2.14.0', cuda: true, newHeaders: true });
    file('downloads/libtorch/build-version', '2.14.0+cu130\n');
    expect(found({ env: { SIMVLM_LIBTORCH: folder } })).toMatchObject({
      ...{ version: '2.14.0', cuda: '13.0', source: 'SIMVLM_LIBTORCH' },
      libs: ['torch', 'torch_cpu', 'torch_cuda', 'c10_cuda', 'c10'],
    });
    expect(found({ env: { LIBTORCH: folder } }).source).toBe('LIBTORCH');
    expect(found({ env: { Torch_DIR: join(folder, 'share/cmake/Torch') } }).version).toBe('2.14.0');
  });

  test('a variable that names nothing is an error, not another libtorch', () => {
    libtorch('usr', { lib: `lib/${triplet}` });
    expect(locate({ env: { SIMVLM_LIBTORCH: join(root, 'typo') } })).toEqual({
      ...{ found: false, reasons: [expect.stringMatching(/^SIMVLM_LIBTORCH=.*typo: no libtorch/)] },
    });
  });

  test('libraries without headers do not count', () => {
    file('opt/libtorch/lib/libtorch_cpu.so');
    expect(locate().found).toBe(false);
  });

  const wheel = (packages: string, cuda: string | null, version = '2.6.0') => {
    libtorch(`${packages}/torch`, { version, cuda: cuda !== null });
    const cudaLine = `cuda: Optional[str] = ${cuda === null ? 'None' : `'${cuda}'`}`;
    file(
      `${packages}/torch/version.py`,
      `__version__ = '${version}'\n${cudaLine}\nhip: Optional[str] = None\n`,
    );
  };

  test.each([
    ['a virtual environment', 'venv', (folder: string) => ({ VIRTUAL_ENV: folder })],
    ['conda', 'conda', (folder: string) => ({ CONDA_PREFIX: folder })],
  ])('Python’s torch in %s', (_, name, env) => {
    wheel(`${name}/lib/python3.12/site-packages`, null);
    expect(found({ env: env(join(root, name)) })).toMatchObject({ version: '2.6.0', cuda: null });
  });

  test('Python’s torch of the Python on the path, through its links', () => {
    wheel('python/lib/python3.12/site-packages', null);
    const python = file('python/bin/python3.12');
    mkdirSync(join(root, 'bin'));
    symlinkSync(python, join(root, 'bin/python3'));
    expect(found({ env: { PATH: `/nowhere:${join(root, 'bin')}` } }).version).toBe('2.6.0');
  });

  test('Python’s torch of the user, of pyenv, and of the newest Python there', () => {
    wheel('home/.pyenv/versions/3.9.1/lib/python3.9/site-packages', null, '2.1.0');
    wheel('home/.pyenv/versions/3.12.1/lib/python3.12/site-packages', null, '2.5.0');
    expect(found().version).toBe('2.5.0');
    wheel('home/.local/lib/python3.11/site-packages', null, '2.7.0');
    expect(found().version).toBe('2.7.0');
  });

  test('a Python in an unusual place is asked when nothing else is there', () => {
    wheel('unusual', null);
    const askPython = (command: string) => (command === 'python3' ? join(root, 'unusual/torch') : null);
    expect(found({ askPython }).source).toBe('python3');
  });

  test('with a GPU one with CUDA wins, without a GPU the first', () => {
    wheel('venv/lib/python3.12/site-packages', null, '2.6.0');
    libtorch('opt/libtorch', { version: '2.7.0', cuda: true });
    const env = { VIRTUAL_ENV: join(root, 'venv') };
    expect(found({ env, hasGpu: true }).version).toBe('2.7.0');
    expect(found({ env, hasGpu: false }).version).toBe('2.6.0');
    rmSync(join(root, 'opt'), { recursive: true });
    expect(found({ env, hasGpu: true }).version).toBe('2.6.0');
  });

  test('CUDA’s headers that pip put beside torch', () => {
    wheel('venv/lib/python3.12/site-packages', '12.4');
    file('venv/lib/python3.12/site-packages/nvidia/cuda_runtime/include/cuda_runtime_api.h');
    file('venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so');
    const torch = found({ env: { VIRTUAL_ENV: join(root, 'venv') } });
    expect(torch.cuda).toBe('12.4');
    expect(torch.includeDirs.at(-1)).toMatch(/nvidia\/cuda_runtime\/include$/);
    expect(linkFlags(torch)).toEqual(expect.arrayContaining(['-Wl,--no-as-needed', '-ltorch_cuda']));
  });

  test('the ABI is read from the symbols', () => {
    libtorch('opt/libtorch', { symbols: OLD_ABI });
    const torch = found();
    expect(torch.cxx11Abi).toBe(false);
    expect(flagsFor(torch)).toContain('-D_GLIBCXX_USE_CXX11_ABI=0');
  });

  test('C++20 from 2.10 on; the folder of the compiler’s own headers is never named', () => {
    libtorch('opt/libtorch');
    const torch = found();
    const standard = (version: string) => flagsFor({ ...torch, version })[0];
    expect(['1.13.0', '2.9.1', '2.10.0', '3.0.0'].map(standard)).toEqual([
      ...['-std=c++17', '-std=c++17', '-std=c++20', '-std=c++20'],
    ]);
    const includeDirs = ['/usr/include', '/x'];
    const flags = flagsFor({ ...torch, includeDirs });
    expect(flags.slice(-4)).toEqual(['-isystem', '/x', '-isystem', '/node']);
    expect(flags).not.toContain('/usr/include');
  });

  test('OpenBLAS on POSIX threads is known where the system’s libtorch would get it', () => {
    const folder = libtorch('usr', { lib: `lib/${triplet}` });
    const libDir = join(folder, 'lib', triplet);
    expect(hasOpenBlasOnPosixThreads(libDir, root)).toBe(false); // no OpenBLAS at all
    const posix = file(`usr/lib/${triplet}/openblas-pthread/libblas.so.3`);
    symlinkSync(posix, join(libDir, 'libblas.so.3'));
    expect(hasOpenBlasOnPosixThreads(libDir, root)).toBe(true);
    libtorch('opt/libtorch');
    expect(hasOpenBlasOnPosixThreads(join(root, 'opt/libtorch/lib'), root)).toBe(false);
    file(`usr/lib/${triplet}/openblas-openmp/libblas.so.3`);
    expect(hasOpenBlasOnPosixThreads(libDir, root)).toBe(false); // the addon takes that one
  });
});
