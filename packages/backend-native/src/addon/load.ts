import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { BackendError } from '@simvlm/core';
import { hasOpenBlasOnPosixThreads } from './blas';
import { compile, type Progress, type Target, targetFor } from './build';
import type { NativeAddon } from './interface';
import { INSTALL_HINT, locateLibtorch, thisMachine } from './locate';

let loaded: NativeAddon | undefined;
let target: Target | undefined;

/** Where the addon is or would be. @throws BackendError `BACKEND_UNAVAILABLE` when there is no libtorch */
export function findTarget(): Target {
  if (target) return target;
  if (process.platform !== 'linux')
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      `the native backend runs on Linux, this is ${process.platform}`,
    );
  const libtorch = locateLibtorch();
  if (!libtorch.found)
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      `no libtorch found (${libtorch.reasons.join('; ')}): ${INSTALL_HINT}`,
    );
  return (target = targetFor(libtorch, thisMachine().hasGpu));
}

/**
 * The addon, loaded once a process. The first time on a machine it is compiled, which takes about a minute.
 *
 * @param options.build whether it may be compiled when it is not there; true by default
 * @throws BackendError `BACKEND_UNAVAILABLE`: no libtorch, no compiler, or not built
 */
export async function loadAddon(
  options: { build?: boolean; onProgress?: Progress } = {},
): Promise<NativeAddon> {
  if (loaded) return loaded;
  const found = findTarget();
  if (!existsSync(found.file)) {
    if (options.build === false)
      throw new BackendError(
        'BACKEND_UNAVAILABLE',
        'the native addon is not built yet: run `simvlm native build`',
      );
    await compile(found, options.onProgress);
  }
  return (loaded ??= open(found));
}

function open({ file, libtorch }: Target): NativeAddon {
  // libgomp reads this once, when it is loaded. What the user set stays.
  const { env } = process;
  const isUnset = env.GOMP_SPINCOUNT === undefined && env.OMP_WAIT_POLICY === undefined;
  // ATen's threads wait for the next operator in a loop, for milliseconds. Where OpenBLAS has threads of its own, these
  // wait meanwhile for the cores; so let ATen's go to sleep soon.
  if (isUnset && libtorch.libDirs.some(folder => hasOpenBlasOnPosixThreads(folder)))
    env.GOMP_SPINCOUNT = '100';

  const module = { exports: {} as NativeAddon };
  try {
    process.dlopen(module, file, constants.dlopen.RTLD_NOW);
  } catch (error) {
    const message = `the native addon cannot be loaded: ${(error as Error).message}; delete ${dirname(file)} to have it built anew`;
    throw new BackendError('BACKEND_UNAVAILABLE', message, { cause: error });
  }
  return module.exports;
}
