import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Outcome } from './messages';
import { watch } from './watch';

const folder = mkdtempSync(join(tmpdir(), 'simvlm-watch-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A worker of three specs, which runs `second` as the second. */
function workerOf(name: string, second: string): string {
  const script = join(folder, `${name}.mjs`);
  writeFileSync(
    script,
    `const { from } = JSON.parse(process.argv[2]);
const tell = message => new Promise(resolve => process.send(message, resolve));
for (let index = from; index < 3; index++) {
  const name = 'spec ' + index;
  await tell({ kind: 'started', index, name });
  if (index === 1) { ${second} }
  await tell({ kind: 'done', index, outcome: { name, failures: [] } });
}
await tell({ kind: 'end' });
process.exit();`,
  );
  return script;
}

async function outcomes(script: string, silenceMs?: number): Promise<Outcome[]> {
  const share = { environment: '', bundle: '', worker: 0, workers: 1, from: 0, only: '', timeout: 1 };
  const found: Outcome[] = [];
  for await (const outcome of watch(share, { script, ...(silenceMs && { silenceMs }) })) found.push(outcome);
  return found;
}

const passed = (index: number) => ({ name: `spec ${index}`, failures: [] });

test('a spec that never returns fails by its name, and the next ones run', async () => {
  expect(await outcomes(workerOf('hangs', 'for (;;);'), 2000)).toEqual([
    passed(0),
    { name: 'spec 1', failures: ['hangs: did not end within 2 s'] },
    passed(2),
  ]);
});

test('a spec that ends the process fails by its name, and the next ones run', async () => {
  expect(await outcomes(workerOf('ends', 'process.exit(7);'))).toEqual([
    passed(0),
    { name: 'spec 1', failures: ['ended the process (7)'] },
    passed(2),
  ]);
});

test('a worker that ends before its first spec is an error', async () => {
  const script = join(folder, 'broken.mjs');
  writeFileSync(script, 'process.exit(3);');
  await expect(outcomes(script)).rejects.toThrow('a worker ended between two specs: ended the process (3)');
});
