/**
 * `pnpm fuzz [TIMES [WORD…]]`: every property test, or those whose paths contain one of the words, with TIMES (default 20) as
 * many cases as in the check, newly drawn. A failure names the seed that repeats it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { root } from './packages.mjs';

const [times = '20', ...words] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(times)) {
  console.error(`fuzz: TIMES must be a whole number above 0, got "${times}"`);
  process.exit(2);
}
const files = execFileSync('git', ['grep', '-l', "from 'fast-check'", '--', '*.test.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter(file => words.length === 0 || words.some(word => file.includes(word)));
const { status } = spawnSync('pnpm', ['exec', 'vitest', 'run', '--testTimeout=0', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SIMVLM_FUZZ: times },
});
process.exitCode = status ?? 1;
