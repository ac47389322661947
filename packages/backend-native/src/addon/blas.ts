import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

// Debian's libtorch multiplies matrices with whatever BLAS the system has, and OpenBLAS comes in two kinds. The one on
// OpenMP shares ATen's threads. The one on POSIX threads brings its own, and the two sets fight for the cores: on two
// threads of a small model's operators that costs between two and a hundred times the time.

/** Debian's name of this machine. */
export const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/** The folder with OpenBLAS on OpenMP (`libopenblas0-openmp`); the addon looks for its BLAS there first. */
export function openMpBlas(root = ''): string {
  return join(root, '/usr/lib', triplet, 'openblas-openmp');
}

/** Whether a libtorch in this folder would be given OpenBLAS on POSIX threads. */
export function hasOpenBlasOnPosixThreads(libDir: string, root = ''): boolean {
  const blas = join(root, '/usr/lib', triplet, 'libblas.so.3');
  const torch = join(libDir, 'libtorch_cpu.so');
  // A libtorch of another origin brings its own BLAS.
  if (!existsSync(torch) || !realpathSync(torch).startsWith(join(root, '/usr/lib/'))) return false;
  if (existsSync(join(openMpBlas(root), 'libblas.so.3')) || !existsSync(blas)) return false;
  return realpathSync(blas).includes('openblas-pthread');
}
