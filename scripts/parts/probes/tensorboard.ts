/** Whether the Python of the active environment has TensorBoard's reader of event files. */
import { spawnSync } from 'node:child_process';
import { activePython } from '../python';
import { fail } from './fail';

const python = activePython();
const program = 'from tensorboard.backend.event_processing.event_accumulator import EventAccumulator';
const { status, stderr, error } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
if (error) fail(`there is no ${python}`);
if (status !== 0) fail(`${python}: ${stderr.trim().split('\n').at(-1)}`);
