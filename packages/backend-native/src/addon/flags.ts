import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '@simvlm/core';
import { openMpBlas } from './blas';
import type { Libtorch } from './machine';

/** Flags for every C++ file. @throws BackendError `BACKEND_UNAVAILABLE` when CUDA's headers are missing */
export function compileFlags(libtorch: Libtorch, nodeApiHeaders: string): string[] {
  const { version, cuda, cxx11Abi, includeDirs } = libtorch;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const cudaDirs = cuda === null ? [] : cudaIncludes(cuda, includeDirs);
  return [
    // libtorch's headers need C++20 from 2.10 on.
    major > 2 || (major === 2 && minor >= 10) ? '-std=c++20' : '-std=c++17',
    ...['-O2', '-fPIC', '-DNDEBUG', '-DNAPI_VERSION=8', `-D_GLIBCXX_USE_CXX11_ABI=${cxx11Abi ? 1 : 0}`],
    ...(cuda === null ? [] : ['-DSIMVLM_CUDA']),
    ...collectives(libtorch),
    // As the system's, their warnings are not ours. /usr/include is searched anyway, and last, as it must be: named
    // here it would come before the compiler's own folders.
    ...[...includeDirs, ...cudaDirs, nodeApiHeaders]
      .filter(folder => folder !== '/usr/include')
      .flatMap(folder => ['-isystem', folder]),
  ];
}

/** Flags for linking; CUDA's libraries come along with libtorch_cuda. */
export function linkFlags({ libDirs, libs }: Libtorch): string[] {
  return [
    ...libDirs.flatMap(folder => [`-L${folder}`, `-Wl,-rpath,${folder}`]),
    // The old kind of tag also says where what libtorch needs is looked for: its BLAS.
    ...['-Wl,--disable-new-dtags', `-Wl,-rpath,${openMpBlas()}`],
    // Nothing of libtorch_cuda is called by name, but it must be loaded for its operators to be there.
    ...['-Wl,--no-as-needed', ...libs.map(lib => `-l${lib}`)],
  ];
}

/**
 * Flags for the ways in which processes can talk, of those whose headers are here: c10d's own headers need those of Gloo or
 * of NCCL, which not every libtorch brings along.
 */
export function collectives(
  { cuda, includeDirs }: Libtorch,
  systemDirs = ['/usr/include', '/usr/local/include'],
): string[] {
  const has = (header: string) =>
    [...includeDirs, ...systemDirs].some(folder => existsSync(join(folder, header)));
  if (!has('torch/csrc/distributed/c10d/TCPStore.hpp')) return [];
  return [
    ...(has('gloo/algorithm.h') ? ['-DUSE_C10D_GLOO'] : []),
    ...(cuda !== null && has('nccl.h') ? ['-DUSE_C10D_NCCL'] : []),
  ];
}

/** Folders with CUDA's headers, where libtorch did not bring them: of the same major version, as structures differ. */
function cudaIncludes(cuda: string, includeDirs: readonly string[]): string[] {
  if (includeDirs.some(folder => existsSync(join(folder, 'cuda_runtime_api.h')))) return [];
  const { CUDA_HOME, CUDA_PATH } = process.env;
  const major = cuda === '?' ? '' : cuda.split('.')[0]!;
  const homes = [
    CUDA_HOME,
    CUDA_PATH,
    `/usr/local/cuda-${cuda}`,
    `/usr/local/cuda-${major}`,
    '/usr/local/cuda',
    '/usr',
  ];
  for (const home of homes) {
    const folder = home ? join(home, 'include') : '';
    if (!existsSync(join(folder, 'cuda_runtime_api.h')) || !existsSync(join(folder, 'cuda.h'))) continue;
    const version = /#define CUDA_VERSION (\d+)\d{3}\b/.exec(
      readFileSync(join(folder, 'cuda.h'), 'utf8'),
    )?.[1];
    if (major === '' || version === major) return [folder];
  }
  throw new BackendError(
    'BACKEND_UNAVAILABLE',
    `the headers of CUDA ${cuda} are missing: install the CUDA toolkit ${cuda} and set CUDA_HOME to it`,
  );
}
