import { openMpBlas } from './blas';
import type { Features } from './features';
import type { Libtorch } from './machine';

/**
 * Flags for every C++ file.
 *
 * @param otherHeaders folders with Node's headers and the names of Gloo's
 */
export function compileFlags(
  { version, cxx11Abi, includeDirs }: Libtorch,
  features: Features,
  otherHeaders: readonly string[],
): string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return [
    // libtorch's headers need C++20 from 2.10 on.
    major > 2 || (major === 2 && minor >= 10) ? '-std=c++20' : '-std=c++17',
    ...[
      '-O2',
      '-fopenmp',
      '-fno-math-errno',
      '-fPIC',
      '-DNDEBUG',
      '-DNAPI_VERSION=8',
      `-D_GLIBCXX_USE_CXX11_ABI=${cxx11Abi ? 1 : 0}`,
    ],
    ...definitions(features),
    // As the system's, their warnings are not ours. /usr/include is searched anyway, and last, as it must be: named
    // here it would come before the compiler's own folders.
    ...[...includeDirs, ...features.includeDirs, ...otherHeaders]
      .filter(folder => folder !== '/usr/include')
      .flatMap(folder => ['-isystem', folder]),
  ];
}

/** What the C++ files ask for; `USE_C10D_…` also opens c10d's own headers. */
export function definitions({ cuda, gloo, nccl }: Features): string[] {
  return [
    ...(cuda ? ['-DSIMVLM_CUDA'] : []),
    ...(gloo ? ['-DUSE_C10D_GLOO'] : []),
    ...(nccl ? ['-DUSE_C10D_NCCL'] : []),
  ];
}

/** Flags for linking. Not `-fopenmp`: OpenMP is the one that libtorch brings. CUDA's libraries come along with libtorch_cuda. */
export function linkFlags({ libDirs, libs }: Libtorch): string[] {
  return [
    ...libDirs.flatMap(folder => [`-L${folder}`, `-Wl,-rpath,${folder}`]),
    // The old kind of tag also says where what libtorch needs is looked for: its BLAS.
    ...['-Wl,--disable-new-dtags', `-Wl,-rpath,${openMpBlas()}`],
    // Nothing of libtorch_cuda is called by name, but it must be loaded for its operators to be there.
    ...['-Wl,--no-as-needed', ...libs.map(lib => `-l${lib}`)],
  ];
}
