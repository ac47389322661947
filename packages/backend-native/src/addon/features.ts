import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CudaHeaders, cudaHeaders } from './cuda';
import type { Libtorch } from './machine';

/** What an addon is compiled with beyond the CPU's operators. */
export interface Features {
  /** CUDA devices. */
  readonly cuda: boolean;
  /** Processes that talk through Gloo, and through NCCL. */
  readonly gloo: boolean;
  readonly nccl: boolean;
  /** Folders with headers, to be searched after libtorch's own. */
  readonly includeDirs: readonly string[];
  /** What is left out and why, a line each. */
  readonly leftOut: readonly string[];
  /** Why it cannot be compiled, where it cannot: a GPU is here, and not all of CUDA's headers. */
  readonly obstacle?: string;
}

/** Where the compiler looks unasked. */
const SYSTEM = ['/usr/local/include', '/usr/include'];

/**
 * Chooses by the headers that are here. It runs at each load, so it reads no libraries.
 *
 * @param hasGpu whether CUDA is to be used: then its headers must be here. Without a GPU, a libtorch with CUDA is as good as one for the
 *   CPU, and what does not compile is left out
 */
export function featuresOf(
  { cuda, includeDirs }: Pick<Libtorch, 'cuda' | 'includeDirs'>,
  hasGpu: boolean,
  systemDirs: readonly string[] = SYSTEM,
): Features {
  const headers = cuda === null ? undefined : cudaHeaders(cuda, includeDirs, systemDirs);
  const has = (header: string) => includeDirs.some(folder => existsSync(join(folder, header)));
  const c10d = 'torch/csrc/distributed/c10d';
  const processes = has(`${c10d}/TCPStore.hpp`);
  const base = {
    gloo: processes && has(`${c10d}/ProcessGroupGloo.hpp`),
    includeDirs: headers?.folders ?? [],
  };
  if (!headers) return { ...base, cuda: false, nccl: false, leftOut: [] };
  if (headers.missing.length > 0) {
    const lack = `${headers.missing.join(' and ')} of CUDA ${cuda} not found: ${howToAdd(cuda!, headers)}`;
    return hasGpu
      ? { ...base, cuda: true, nccl: false, leftOut: [], obstacle: lack }
      : { ...base, cuda: false, nccl: false, leftOut: [`CUDA is left out, as there is no GPU and ${lack}`] };
  }
  const mayHaveNccl = processes && has(`${c10d}/ProcessGroupNCCL.hpp`);
  const nccl = mayHaveNccl && headers.missingForNccl.length === 0;
  const lack = `${headers.missingForNccl.join(' and ')} not found: ${howToAdd(cuda!, headers)}`;
  return { ...base, cuda: true, nccl, leftOut: nccl || !mayHaveNccl ? [] : [`NCCL is left out, as ${lack}`] };
}

/** Which of pip's packages have the missing headers. */
function howToAdd(cuda: string, { missing, missingForNccl }: CudaHeaders): string {
  const lacks = [...missing, ...missingForNccl];
  const extras = [
    ...(lacks.includes('cuda_runtime_api.h') ? ['cudart'] : []),
    ...(lacks.includes('crt/host_config.h') ? ['crt'] : []),
    ...(lacks.includes('nv/target') ? ['cccl'] : []),
  ];
  const toolkit = `'cuda-toolkit[${extras.join(',')}]${cuda === '?' ? '' : `==${cuda}.*`}'`;
  const packages = [
    ...(extras.length > 0 ? [toolkit] : []),
    ...(lacks.includes('nccl.h') ? [`nvidia-nccl-cu${cuda.split('.')[0]}`] : []),
  ];
  return `pip install ${packages.join(' ')}, or set CUDA_HOME to a CUDA toolkit`;
}
