import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { untrackedImports } from './tracked-imports.mjs';

test('a file that is imported and was never added is named, beside who imports it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'simvlm-tracked-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder });
  write('known.ts', 'export const a = 1;\n');
  write('forgotten.ts', 'export const b = 1;\n');
  write('worker.mjs', '');
  write('main.ts', "import { a } from './known';\nexport { b } from './forgotten';\nimport './nowhere';\n");
  write('start.ts', "new Worker(new URL('./worker.mjs', import.meta.url));\n// as in: import 'x'\n");
  git('init', '-q');
  git('add', 'known.ts', 'main.ts', 'start.ts');
  expect(untrackedImports(folder)).toEqual(['main.ts imports forgotten.ts', 'start.ts imports worker.mjs']);
  git('add', '.');
  expect(untrackedImports(folder)).toEqual([]);
});
