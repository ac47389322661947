/** PyTorch's launcher, as the tests start it: that of the Python whose libtorch the native backend uses. */
import { pythonWithTorch } from './python';

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
  return { ...pythonWithTorch(), args: ['-m', 'torch.distributed.run'] };
}
