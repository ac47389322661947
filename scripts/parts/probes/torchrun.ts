/** Whether the libtorch of the native backend belongs to a Python that has torchrun, of the same version. */
import { spawnSync } from 'node:child_process';
import { torchrun } from '../torchrun';
import { fail } from './fail';

try {
  const { python, version } = torchrun();
  const program = 'import torch.distributed.run, torch; print(torch.__version__)';
  const { stdout, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  const found = stdout?.trim().split('+')[0];
  if (error || !found)
    fail(`${python} has no torchrun: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
  if (found.startsWith('1.'))
    fail(`${python} has the torchrun of PyTorch ${found}, whose options are others: 2 is needed`);
  // The store that it keeps must speak the language of the addon's.
  if (found !== version) fail(`${python} has PyTorch ${found}, and the addon uses libtorch ${version}`);
} catch (error) {
  fail(error);
}
