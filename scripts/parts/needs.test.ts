import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Status } from './status';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-needs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { message: string }[];
}

/** Runs three tests that need libtorch where it is like this. */
function run(status: Status, env: Record<string, string> = {}): Promise<Report> {
  writeFileSync(join(folder, 'libtorch.json'), JSON.stringify(status));
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const root = fileURLToPath(new URL('fixtures', import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [vitest, 'run', '--root', root, '--reporter=json'],
      { env: { ...process.env, SIMVLM_PARTS: folder, SIMVLM_REQUIRE: '', ...env } },
      (_, stdout, stderr) => {
        const from = stdout.indexOf('{');
        if (from < 0) reject(new Error(stderr));
        else resolve(JSON.parse(stdout.slice(from)));
      },
    );
  });
}

const missing = { fit: false, reason: 'no libtorch with headers is here' };

test('tests run where their part is fit', async () => {
  const report = await run({ fit: true, reason: '' }, { SIMVLM_CASE: 'fit', SIMVLM_REQUIRE: 'all' });
  expect(report).toMatchObject({ success: true, numPassedTests: 3, numPendingTests: 0 });
});

test('tests are skipped, with their hooks, where it is not', async () => {
  const report = await run(missing, { SIMVLM_REQUIRE: 'gloo' });
  expect(report).toMatchObject({ success: true, numPassedTests: 0, numPendingTests: 3 });
});

test('a part that is required and missing fails, and says how to add it', async () => {
  const report = await run(missing, { SIMVLM_REQUIRE: 'chromium, libtorch' });
  expect(report).toMatchObject({ success: false, numPassedTests: 0 });
  expect(report.testResults.map(({ message }) => message)).toEqual([
    'SIMVLM_REQUIRE: not tested: libtorch: the native backend (libtorch: no libtorch with headers is here). ' +
      'To add it: apt-get install g++; pip install torch',
  ]);
});
