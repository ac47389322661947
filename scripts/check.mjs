/**
 * `pnpm test`: every check that this machine can run, in the order that fails fastest, each with its time.
 * Ends with one line `N passed, N failed` that counts unit tests and root checks together.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'simvlm-check-'));
const unitReport = join(folder, 'vitest.json');
const browserReport = join(folder, 'vitest-browser.json');
const studioReport = join(folder, 'vitest-studio.json');
const only = process.argv.slice(2);

const checks = [
  { name: 'build', command: 'turbo run build --output-logs=errors-only' },
  { name: 'types', command: 'tsc -p tsconfig.json --noEmit' },
  { name: 'lint and format', command: 'biome check . --error-on-warnings' },
  {
    name: 'imports',
    command: 'depcruise packages conformance/src examples bench --config .dependency-cruiser.cjs',
  },
  { name: 'size', command: 'turbo run size --output-logs=new-only' },
  { name: 'published form', command: 'node scripts/check-packages.mjs' },
  { name: 'packages alone', command: 'node scripts/check-standalone.mjs' },
  {
    name: 'unit tests',
    command: `vitest run --reporter=default --reporter=json --outputFile.json=${unitReport}`,
    count: () => countOf(unitReport),
  },
  {
    name: 'browser tests',
    command: `vitest run --config packages/backend-webgpu/vitest.browser.config.ts --reporter=default --reporter=json --outputFile.json=${browserReport}`,
    count: () => countOf(browserReport),
  },
  {
    name: 'studio tests',
    command: `vitest run --config examples/caption-studio/e2e/vitest.config.ts --reporter=default --reporter=json --outputFile.json=${studioReport}`,
    count: () => countOf(studioReport),
  },
];

let passed = 0;
let failed = 0;
let skipped = 0;
for (const check of checks) {
  if (only.length > 0 && !only.some(word => check.name.includes(word))) continue;
  const start = Date.now();
  console.log(`\n── ${check.name}: ${check.command.split(' --outputFile')[0]}`);
  const code = await run(check.command);
  if (check.count) {
    try {
      const counted = check.count();
      passed += counted.passed;
      failed += counted.failed;
      skipped += counted.skipped;
      if (code !== 0 && counted.failed === 0) failed += 1;
    } catch (error) {
      console.error(`no test report: ${error.message}`);
      failed += 1;
    }
  } else if (code === 0) passed += 1;
  else failed += 1;
  console.log(
    `── ${check.name}: ${code === 0 ? 'passed' : `FAILED (exit ${code})`} in ${((Date.now() - start) / 1000).toFixed(1)} s`,
  );
}
rmSync(folder, { recursive: true, force: true });
if (skipped > 0) console.log(`\n${skipped} skipped: each test says why`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function countOf(report) {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}

function run(command) {
  return new Promise(resolve => {
    const child = spawn('pnpm', ['exec', ...command.split(' ')], {
      stdio: 'inherit',
      env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    });
    child.on('error', error => {
      console.error(error.message);
      resolve(1);
    });
    child.on('close', code => resolve(code ?? 1));
  });
}
