/**
 * `pnpm test`: every check that this machine can run, in the order that fails fastest, each with its time. Ends with the failures, what was
 * not tested here and how to add it, and one line `N passed, N failed` that counts unit tests and root checks together. What
 * `SIMVLM_REQUIRE` names (`all`, or names of `parts/parts.ts` with commas) must be tested: a part that is missing is a failure then.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { failedTests, isBroken, lastLines, lastToFirst } from './failures.mjs';
import { root } from './packages.mjs';
import { slowestFiles } from './slowest.mjs';

const folder = mkdtempSync(join(tmpdir(), 'simvlm-check-'));
// Where the tests find how the optional parts of this machine are: see parts/status.ts.
const partsFolder = join(folder, 'parts');
mkdirSync(partsFolder);
// Each package is packed once, for all that look at its published form.
process.env.SIMVLM_PACKED = join(folder, 'packed');
const only = process.argv.slice(2);

const [tracked, kernels, build, types, lint, imports, unused, size, form, alone, site] = [
  { name: 'imports of tracked files', command: 'node scripts/tracked-imports.mjs' },
  { name: 'wasm kernels', command: 'node packages/backend-wasm/scripts/ensure-wasm.mjs' },
  { name: 'build', command: 'turbo run build --output-logs=errors-only' },
  { name: 'types', command: 'tsc -p tsconfig.json --noEmit' },
  { name: 'lint and format', command: 'biome check . --error-on-warnings' },
  {
    name: 'imports',
    command: 'depcruise packages conformance/src examples bench --config .dependency-cruiser.cjs',
  },
  { name: 'unused', command: 'knip --no-progress --no-config-hints' },
  { name: 'size', command: 'turbo run size --output-logs=new-only' },
  { name: 'published form', command: 'node scripts/check-packages.mjs' },
  { name: 'packages alone', command: 'node scripts/check-standalone.mjs' },
  { name: 'site', command: 'pnpm --filter docs check' },
];
const unit = tests('unit tests', undefined);
const browser = {
  ...tests('browser tests', 'packages/backend-webgpu/vitest.browser.config.ts'),
  needs: 'chromium',
};
const studio = {
  ...tests('studio tests', 'examples/caption-studio/e2e/vitest.config.ts'),
  needs: 'chromium',
};

const specs = [tfjsSpecs('wasm'), tfjsSpecs('native', 'libtorch'), tfjsSpecs('webgpu', 'webgpu')];

const first = [tracked, kernels];
const others = [types, lint, imports, unused, size, form, alone, site, ...specs, unit];

let passed = 0;
let failed = 0;
let skipped = 0;
const reports = [];
/** In the order in which they ended: each test with its message, every other check with what it printed last. */
const failures = [];
const parts = [...first, browser, studio, ...others].some(check => check.report && isWanted(check))
  ? await detectParts()
  : [];
await inTurn(first, false);
// A browser keeps one core busy most of the time, and the build waits for one package after another: they run beside each other, and the
// browser then beside all else. That takes up to 6 GiB; with less, all runs in turn.
if (totalmem() > 6 * 2 ** 30) {
  const built = inTurn([build], true);
  const inBrowser = inTurn([browser], true);
  await Promise.all([
    Promise.all([built, inBrowser]).then(() => inTurn([studio], true)),
    built.then(() => inTurn(others, true)),
  ]);
} else await inTurn([build, browser, studio, ...others], false);
rmSync(folder, { recursive: true, force: true });
if (reports.length > 0) console.log(`\nThe slowest test files:\n${slowestFiles(reports, root).join('\n')}`);
if (skipped > 0) console.log(`\n${skipped} tests skipped`);
const missing = parts.filter(({ fit }) => !fit);
if (missing.length > 0) console.log('\nNot tested here:');
for (const { lack, required } of missing) {
  console.log(`${required ? 'REQUIRED ' : ''}${lack}`);
  if (required) failed++;
}
if (failures.length > 0)
  console.log(`\nFailed, the first to fail last:\n${lastToFirst(failures).join('\n')}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function isWanted({ name }) {
  return only.length === 0 || only.some(word => name.includes(word));
}

/** How the optional parts of this machine are, as `parts/detect.ts` finds them. */
async function detectParts() {
  console.log('── parts: looking for what some tests need');
  const { code, output } = await run('tsx scripts/parts/detect.ts', true);
  if (code === 0) return JSON.parse(output);
  console.error(`${output.trim()}\n\n0 passed, 1 failed`);
  rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}

/** @param quiet whether what a check prints waits until it has ended, as others print too */
async function inTurn(checks, quiet) {
  for (const check of checks) {
    if (!isWanted(check)) continue;
    const lacking = parts.find(({ name, fit }) => name === check.needs && !fit);
    if (lacking) {
      console.log(`\n── ${check.name}: ${lacking.required ? 'FAILED' : 'skipped'}, without ${lacking.name}`);
      continue;
    }
    const start = Date.now();
    const title = `\n── ${check.name}: ${check.command.split(/ --(?:outputFile|report )/)[0]}`;
    console.log(quiet ? `── ${check.name}: started` : title);
    const { code, output } = await run(check.command, quiet);
    if (quiet) console.log(`${title}\n${output}`);
    count(check, code, output);
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    console.log(`── ${check.name}: ${code === 0 ? 'passed' : `FAILED (exit ${code})`} in ${seconds} s`);
  }
}

function count(check, code, output) {
  const { name, report } = check;
  const fail = reason => {
    failures.push(`${name}: ${reason}${lastLines(output)}`);
    failed++;
  };
  // Tests start built programs from here on.
  if (check === build && code === 0) process.env.SIMVLM_BUILT = '1';
  if (!report) {
    if (code === 0) passed++;
    else fail(`exit ${code}`);
    return;
  }
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'));
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = results;
    reports.push(results);
    failures.push(...failedTests([results], root));
    const brokenFiles = testResults.filter(isBroken).length;
    passed += numPassedTests;
    failed += numFailedTests + brokenFiles;
    skipped += numPendingTests;
    if (code !== 0 && numFailedTests + brokenFiles === 0) fail(`exit ${code}, and no test failed`);
  } catch (error) {
    fail(`no test report: ${error.message}`);
  }
}

function tests(name, config) {
  const report = join(folder, `${name.replace(' ', '-')}.json`);
  const command = `vitest run ${config ? `--config ${config} ` : ''}--reporter=default --reporter=json --outputFile.json=${report}`;
  return { name, command, report };
}

/** The specs that tfjs-core publishes for its operations, on one of our backends. */
function tfjsSpecs(backend, needs) {
  const report = join(folder, `tfjs-specs-${backend}.json`);
  const command = `tsx conformance/src/tfjs-specs/run.ts ${backend} --report ${report}`;
  return { name: `tfjs specs on ${backend}`, command, report, needs };
}

function run(command, quiet) {
  return new Promise(resolve => {
    const child = spawn('pnpm', ['exec', ...command.split(' ')], {
      stdio: ['inherit', 'pipe', 'pipe'],
      env: { ...process.env, SIMVLM_PARTS: partsFolder, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    });
    let output = '';
    for (const [stream, shown] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding('utf8').on('data', text => {
        output += text;
        if (!quiet) shown.write(text);
      });
    }
    child.on('error', error => {
      console.error(error.message);
      resolve({ code: 1, output });
    });
    child.on('close', code => resolve({ code: code ?? 1, output }));
  });
}
