import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pickBackend } from '@simvlm/runtime';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { codeBlocks } from '../../../scripts/code-blocks';
import { drawFolder, simvlm, workingFolder } from './fixture';

/**
 * Programs of pages that run by themselves. `packages alone` runs the first of each package's README, as packed; `guides.test.ts` the one of the
 * guides; and of docs/evaluation.md, with the model that it names.
 */
const blocks = codeBlocks().filter(
  ({ page, first, runs }) => runs && !page.startsWith('docs/') && !(first && page.startsWith('packages/')),
);

let folder: ReturnType<typeof workingFolder>;
// In the repository, so that imports lead to its sources.
const made = mkdtempSync(fileURLToPath(new URL('made-', import.meta.url)));
beforeAll(async () => {
  folder = workingFolder();
  await pickBackend({ prefer: 'wasm' });
  await drawFolder('drawn', 4, 1);
  await simvlm('data', 'convert', 'drawn', '--out', 'shards');
  for (let i = 0; i < 64; i++) copyFileSync('shards/00000.tar', `shards/${String(i).padStart(4, '0')}.tar`);
});
afterAll(() => {
  rmSync(made, { recursive: true, force: true });
  folder.leave();
});

test('there are such programs', () => {
  expect(blocks.length).toBeGreaterThan(5);
});

test.each(blocks.map((block, i) => ({ ...block, i })))('$at runs', async ({ code, i }) => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const file = join(made, `${i}.ts`);
  writeFileSync(file, code);
  await import(/* @vite-ignore */ file);
  vi.restoreAllMocks();
});
