/** The Python of tests and benchmarks: that whose libtorch the native backend uses, so that PyTorch and ours compute with the same code. */
import { existsSync } from 'node:fs';
import { findTarget } from '../../packages/backend-native/src/addon/load';

/** The Python that a libtorch's folder of libraries belongs to: `PREFIX/lib/python3.11/site-packages/torch/lib`, or Debian's. */
function pythonOf(libDir: string): string {
  const prefix = /^(.*)\/lib(?:64)?\/python3[.\d]*\/(?:site|dist)-packages\/torch\/lib$/.exec(libDir)?.[1];
  if (prefix === undefined) return '/usr/bin/python3';
  const python = `${prefix}/bin/python3`;
  // Packages of the user, or of Debian's /usr/local, have no Python beside them.
  return existsSync(python) ? python : 'python3';
}

/** The Python of the environment that is active, else the system's. */
export function activePython(env: NodeJS.ProcessEnv = process.env): string {
  return env.VIRTUAL_ENV ? `${env.VIRTUAL_ENV}/bin/python3` : 'python3';
}

/**
 * The Python beside the libtorch that the native backend uses, and that libtorch's version.
 *
 * @throws BackendError when there is no libtorch
 */
export function pythonWithTorch(): { readonly python: string; readonly version: string } {
  const { libDirs, version } = findTarget().libtorch;
  return { python: pythonOf(libDirs[0]!), version };
}
