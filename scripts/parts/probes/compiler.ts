/** Whether the compiler of the native addon compiles a file with a header of the standard library. */
import { spawnSync } from 'node:child_process';
import { fail } from './fail';

const { CXX } = process.env;
const compiler = CXX || 'g++';
const args = ['-x', 'c++', '-fsyntax-only', '-'];
const { status, error, stderr } = spawnSync(compiler, args, {
  input: '#include <string>\nint main() {}\n',
  encoding: 'utf8',
});
if (error) fail(`there is no ${compiler}`);
if (status !== 0) fail(stderr);
