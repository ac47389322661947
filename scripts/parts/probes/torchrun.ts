/** Whether the libtorch of the native backend belongs to a Python that has torchrun, of the same version. */
import { spawnSync } from 'node:child_process';
import { torchrun } from '../torchrun';
import { fail } from './fail';

try {
  const { python, version } = torchrun();
  const program = 'import torch.distributed.run, torch; print(torch.__version__)';
  const { stdout, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  // Debian's calls itself 1.13.0a0+gitunknown.
  const found = /^\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
  if (error || !found)
    fail(`${python} has no torchrun: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
  // The store that it keeps must speak the language of the addon's.
  if (found !== version) fail(`${python} has PyTorch ${found}, and the addon uses libtorch ${version}`);
} catch (error) {
  fail(error);
}
