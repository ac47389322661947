/** PyTorch's launcher, as the tests start it: that of the Python whose libtorch the native backend uses. */
import { findTarget } from '../../packages/backend-native/src/addon/load';

/** The Python that a libtorch's folder of libraries belongs to: `PREFIX/lib/python3.11/site-packages/torch/lib`, or Debian's. */
function pythonOf(libDir: string): string {
  const inPackages = /^(.*)\/lib(?:64)?\/python3[.\d]*\/(?:site|dist)-packages\/torch\/lib$/.exec(libDir);
  return inPackages ? `${inPackages[1]}/bin/python3` : '/usr/bin/python3';
}

/**
 * The program and the arguments that start torchrun: its own follow.
 *
 * @throws BackendError when there is no libtorch
 */
export function torchrun(): {
  readonly python: string;
  readonly args: readonly string[];
  readonly version: string;
} {
  const { libDirs, version } = findTarget().libtorch;
  return { python: pythonOf(libDirs[0]!), args: ['-m', 'torch.distributed.run'], version };
}
