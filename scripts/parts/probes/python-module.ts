/** Whether the Python of the active environment can run an import: the one argument. */
import { spawnSync } from 'node:child_process';
import { activePython } from '../python';
import { fail } from './fail';

const python = activePython();
const { status, stderr, error } = spawnSync(python, ['-c', process.argv[2]!], { encoding: 'utf8' });
if (error) fail(`there is no ${python}`);
if (status !== 0) fail(`${python}: ${stderr.trim().split('\n').at(-1)}`);
