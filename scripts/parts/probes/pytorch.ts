/** Whether the Python whose libtorch the native backend uses can compute with it, and hand over its numbers. */
import { spawnSync } from 'node:child_process';
import { pythonWithTorch } from '../python';
import { fail } from './fail';

try {
  const { python } = pythonWithTorch();
  const program = 'import numpy, torch; torch.ones(1).numpy()';
  const { status, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  if (error) fail(`there is no ${python}`);
  if (status !== 0) fail(`${python}: ${stderr.trim().split('\n').at(-1)}`);
} catch (error) {
  fail(error);
}
