/** The published form of every package: `publint` and `attw`, with what each has to say where it fails. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from './pack.mjs';
import { packages, root } from './packages.mjs';

const exec = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'simvlm-packed-'));
let failures = 0;

async function check(entry) {
  // Given the package's folder, each tool would pack it anew. `scripts/check.mjs` keeps what is packed for the next check.
  const tarball = await pack(entry, process.env.SIMVLM_PACKED ?? folder);
  for (const [tool, ...options] of [
    ['publint', '--strict', tarball],
    ['attw', tarball, '--profile', 'node16', '--format', 'ascii'],
  ]) {
    try {
      // Called directly: pnpm in between only takes time.
      await exec(join(root, 'node_modules/.bin', tool), options, { cwd: entry.folder });
    } catch (error) {
      failures++;
      console.error(`${entry.name}: ${tool} failed\n${error.stdout}${error.stderr}`);
    }
  }
  console.log(`${entry.name} checked`);
}

// Two at a time: both tools spend most of their time on one core.
const queue = [...packages];
await Promise.all(
  [1, 2].map(async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await check(next);
  }),
);
rmSync(folder, { recursive: true, force: true });
process.exitCode = failures === 0 ? 0 : 1;
