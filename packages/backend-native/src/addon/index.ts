import { existsSync } from 'node:fs';
import { compile, type Progress } from './build';
import { findTarget, loadAddon } from './load';
import { thisMachine } from './locate';

export { loadAddon };

/** Whether the native addon can be used here, for people and for the command line. */
export interface NativeStatus {
  /** Whether a libtorch was found. */
  readonly found: boolean;
  /** Whether the addon for it is compiled. */
  readonly built: boolean;
  /** One line: which libtorch, or why there is none. */
  readonly reason: string;
  /** Where the addon lies or would lie; null without a libtorch. */
  readonly file: string | null;
  /** Whether that libtorch has CUDA and there is a GPU to use it. */
  readonly cuda: boolean;
  /** Version of CUDA that the libtorch was built with; null without CUDA or without a libtorch. */
  readonly cudaVersion: string | null;
  /** What the addon is compiled without for want of headers, and what adds them; a line each. */
  readonly leftOut: readonly string[];
}

/** Looks for a libtorch and for the addon that was compiled for it; compiles nothing. */
export function nativeStatus(): NativeStatus {
  try {
    const { libtorch, features, file } = findTarget();
    const cuda = libtorch.cuda === null ? 'without CUDA' : `with CUDA ${libtorch.cuda}`;
    const reason = `libtorch ${libtorch.version} ${cuda} in ${libtorch.libDirs[0]} (found through ${libtorch.source})`;
    return {
      found: true,
      built: existsSync(file),
      reason,
      file,
      cuda: libtorch.cuda !== null && thisMachine().hasGpu,
      cudaVersion: libtorch.cuda,
      leftOut: features.leftOut,
    };
  } catch (error) {
    const reason = (error as Error).message;
    return { found: false, built: false, reason, file: null, cuda: false, cudaVersion: null, leftOut: [] };
  }
}

/** Compiles the addon unless it is there already, and gives its path. @throws BackendError `BACKEND_UNAVAILABLE` */
export async function buildAddon(onProgress?: Progress): Promise<string> {
  return compile(findTarget(), onProgress);
}
