import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Libtorch } from './machine';

// pip's torch brings most of CUDA's headers, but since CUDA 13 not all that they include: `crt/` is a wheel of its own
// (nvidia-cuda-crt), and so is `nv/` (nvidia-cuda-cccl). Triton, which comes with torch, has a copy of `crt/`.

/** What libtorch's CUDA headers include. */
const ALWAYS = ['cuda_runtime_api.h', 'crt/host_config.h'];
/** What the header of c10d's NCCL includes beyond that. */
const FOR_NCCL = ['nccl.h', 'nv/target'];

/** Which of CUDA's headers are on this machine. */
export interface CudaHeaders {
  /** Folders to search after libtorch's own. */
  readonly folders: readonly string[];
  /** Headers that no folder has: without one of these nothing of CUDA compiles. */
  readonly missing: readonly string[];
  /** Headers without which NCCL does not compile. */
  readonly missingForNccl: readonly string[];
}

/**
 * Looks for CUDA's headers beside libtorch, in a toolkit, and beside Triton; only in those of libtorch's major version, as structures
 * differ between them.
 *
 * @param cuda the version of CUDA that libtorch was built with, or `?`
 */
export function cudaHeaders(
  cuda: string,
  includeDirs: Libtorch['includeDirs'],
  systemDirs: readonly string[],
): CudaHeaders {
  const folders: string[] = [];
  const lacking = (headers: readonly string[]) =>
    headers.filter(
      header => ![...includeDirs, ...folders, ...systemDirs].some(folder => existsSync(join(folder, header))),
    );
  const major = cuda === '?' ? '' : cuda.split('.')[0]!;
  for (const folder of places(cuda, major, includeDirs)) {
    const helps = lacking([...ALWAYS, ...FOR_NCCL]).some(header => existsSync(join(folder, header)));
    if (helps && (major === '' || majorOf(folder) === major)) folders.push(folder);
  }
  return { folders, missing: lacking(ALWAYS), missingForNccl: lacking(FOR_NCCL) };
}

/** Folders that may have CUDA's headers, complete ones first. */
function places(cuda: string, major: string, includeDirs: readonly string[]): string[] {
  const { CUDA_HOME, CUDA_PATH } = process.env;
  const toolkits = [
    ...[
      CUDA_HOME,
      CUDA_PATH,
      `/usr/local/cuda-${cuda}`,
      `/usr/local/cuda-${major}`,
      '/usr/local/cuda',
      '/usr',
    ],
  ].flatMap(home => (home ? join(home, 'include') : []));
  // Beside the package torch, whose headers are in torch/include.
  const triton = includeDirs
    .slice(0, 1)
    .map(include => join(include, '../../triton/backends/nvidia/include'));
  return [...toolkits, ...triton];
}

function majorOf(folder: string): string | undefined {
  const file = join(folder, 'cuda.h');
  return existsSync(file)
    ? /#define CUDA_VERSION (\d+)\d{3}\b/.exec(readFileSync(file, 'utf8'))?.[1]
    : undefined;
}
