/** Other libtorchs than the one that the native backend uses here, against which it is compiled as well. */
import { resolve } from 'node:path';
import { triplet } from '../../packages/backend-native/src/addon/blas';
import { libtorchIn } from '../../packages/backend-native/src/addon/libtorch';
import { locateLibtorch, thisMachine } from '../../packages/backend-native/src/addon/locate';
import type { Libtorch } from '../../packages/backend-native/src/addon/machine';

/** The variable with the folder of a libtorch with CUDA, which an environment of its own may have beside one for the CPU. */
export const CUDA_LIBTORCH = 'SIMVLM_CUDA_LIBTORCH';

/** A libtorch with CUDA; undefined where there is none. */
export function cudaLibtorch(env: NodeJS.ProcessEnv = process.env): Libtorch | undefined {
  const folder = env[CUDA_LIBTORCH];
  const found = folder
    ? libtorchIn(resolve(folder), triplet, CUDA_LIBTORCH)
    : locateLibtorch({ ...thisMachine(), env, hasGpu: true });
  return found?.found && found.cuda !== null ? found : undefined;
}

/** Debian's package; undefined where it is not installed. */
export function debianLibtorch(): Libtorch | undefined {
  return libtorchIn('/usr', triplet, 'libtorch-dev') ?? undefined;
}
