/**
 * `tsx conformance/src/tfjs-specs/run.ts BACKEND [--only WORDS] [--workers N] [--report FILE]`: the specs that tfjs-core publishes for its
 * operations, on one backend. Prints those that fail, by name, and ends with how many passed. The report is a summary as vitest writes it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSpecs } from './bundle';
import { type EnvironmentName, environmentNames, environments } from './environments';
import { known } from './known';
import type { Outcome } from './messages';
import { judge } from './verdict';
import { watch } from './watch';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    report: { type: 'string' },
  },
});
const [environment] = positionals as [EnvironmentName];
const workers = Number(values.workers);
if (positionals.length !== 1 || !environmentNames.includes(environment))
  throw new Error(`name one of ${environmentNames.join(', ')}`);
if (!Number.isInteger(workers) || workers < 1)
  throw new Error(`--workers is '${values.workers}'; it must be a whole number from 1`);

const folder = mkdtempSync(join(tmpdir(), 'simvlm-tfjs-specs-'));
const startTime = Date.now();
try {
  const bundle = join(folder, 'specs.cjs');
  await environments[environment].prepare?.();
  await bundleSpecs(bundle);
  const outcomes = await Promise.all(Array.from({ length: workers }, (_, worker) => all(bundle, worker)));
  const verdict = judge(outcomes.flat(), known[environment] ?? {}, values.only !== '');
  for (const { name, failures } of verdict.failed) {
    console.log(`FAILED ${name}`);
    for (const failure of failures) console.log(`       ${shortened(failure)}`);
  }
  for (const [reason, names] of verdict.skipped) console.log(`${names.length} known to fail: ${reason}`);
  const numPendingTests = verdict.skipped.reduce((sum, [, names]) => sum + names.length, 0);
  const { passed: numPassedTests } = verdict;
  const numFailedTests = verdict.failed.length;
  console.log(
    `tfjs's specs on ${environment}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} known to fail`,
  );
  const status = numFailedTests === 0 ? 'passed' : 'failed';
  const file = {
    name: `tfjs's specs on ${environment}`,
    status,
    startTime,
    endTime: Date.now(),
    assertionResults: [{}],
  };
  if (values.report)
    writeFileSync(
      values.report,
      JSON.stringify({ numPassedTests, numFailedTests, numPendingTests, testResults: [file] }),
    );
  process.exitCode = numFailedTests === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function all(bundle: string, worker: number): Promise<Outcome[]> {
  const share = { environment, bundle, worker, workers, from: 0, only: values.only, timeout: 20 };
  const outcomes: Outcome[] = [];
  for await (const outcome of watch(share)) outcomes.push(outcome);
  return outcomes;
}

function shortened(text: string): string {
  const line = text.replaceAll('\n', ' ');
  return line.length > 400 ? `${line.slice(0, 400)} …` : line;
}
