import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Libtorch } from './machine';

/** The header that the addon needs most; a runtime without headers cannot be compiled against. */
const HEADER = 'ATen/core/dispatch/Dispatcher.h';

/**
 * The libtorch in a folder: an unpacked archive, a prefix such as `/usr`, or Python's package `torch`, or null.
 *
 * @param triplet Debian's name of the machine, under which it puts libraries
 * @param source what led here, for people
 */
export function libtorchIn(folder: string, triplet: string, source: string = folder): Libtorch | null {
  const include = join(folder, 'include');
  const libDir = [join(folder, 'lib'), join(folder, 'lib', triplet), join(folder, 'lib64')].find(candidate =>
    existsSync(join(candidate, 'libtorch_cpu.so')),
  );
  if (libDir === undefined || !existsSync(join(include, HEADER))) return null;
  const version = versionOf(folder);
  if (version === null) return null;
  const cuda = existsSync(join(libDir, 'libtorch_cuda.so')) ? cudaOf(folder) : null;
  return {
    ...{ found: true, version, cuda, source },
    includeDirs: [
      ...[include, join(include, 'torch/csrc/api/include')],
      ...(cuda === null ? [] : nvidiaIncludes(dirname(folder))),
    ],
    libDirs: [libDir],
    libs: ['torch', 'torch_cpu', ...(cuda === null ? [] : ['torch_cuda', 'c10_cuda']), 'c10'],
    cxx11Abi: hasCxx11Abi(libDir),
  };
}

function text(...path: string[]): string {
  const file = join(...path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function versionOf(folder: string): string | null {
  // Newer headers have it in headeronly, and only include that file where older ones define it.
  for (const file of ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h']) {
    const match = /#define TORCH_VERSION\s+(?:\\\s*)?"(\d+\.\d+\.\d+)/.exec(text(folder, 'include', file));
    if (match) return match[1]!;
  }
  return /^\d+\.\d+\.\d+/.exec(text(folder, 'build-version'))?.[0] ?? null;
}

/** Python's package says it in `version.py`, an archive in `build-version`: `2.6.0+cu124`. */
function cudaOf(folder: string): string {
  const python = /^cuda[^=\n]*= *'([\d.]+)'/m.exec(text(folder, 'version.py'));
  if (python) return python[1]!;
  const archive = /\+cu(\d+)(\d)/.exec(text(folder, 'build-version'));
  return archive ? `${archive[1]}.${archive[2]}` : '?';
}

/** CUDA's headers as pip installs them beside torch: `nvidia/cuda_runtime/include`, or `nvidia/cu13/include`. */
function nvidiaIncludes(sitePackages: string): string[] {
  const nvidia = join(sitePackages, 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .sort()
    .map(name => join(nvidia, name, 'include'))
    .filter(folder => existsSync(folder));
}

/**
 * libtorch comes in two binary kinds, and nothing but its symbols says which: a function that takes a std::string has
 * `__cxx11` in its name in the new kind.
 */
function hasCxx11Abi(libDir: string): boolean {
  const library = join(libDir, 'libc10.so');
  return !existsSync(library) || readFileSync(library).includes('torchCheckFailEPKcS2_jRKNSt7__cxx11');
}
