import type { CpuInfo } from './interface';

/** How the CPU computes, for people: `2 threads, AVX2, MKL 2024.2, oneDNN 3.7.1`. */
export function cpuLine({ threads, capability, blas, oneDnn }: CpuInfo): string {
  return [
    threads === 1 ? '1 thread' : `${threads} threads`,
    capability,
    blas || 'no BLAS',
    oneDnn && `oneDNN ${oneDnn}`,
  ]
    .filter(part => part !== '')
    .join(', ');
}
