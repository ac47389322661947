import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderStorage } from '@simvlm/checkpoint/node';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { train } from '../src/train';

const { describe: describeInBrowser } = await needs('chromium');
const here = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'train-anywhere-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All 60 steps, with right captions of pictures that it knows by colour. */
const learnt = { step: 60, wordF1: 1, caption: 'a blue wall' };

describe('forty lines', () => {
  test.each(['main.ts', 'page.ts'])('are the whole program, train.ts and %s', file => {
    const lines = [file, 'train.ts'].flatMap(name => readFileSync(here(`src/${name}`), 'utf8').split('\n'));
    expect(lines.filter(line => line.trim() !== '').length).toBeLessThanOrEqual(40);
  });

  test('train, resume, validate and caption in Node', async () => {
    expect(await train(folderStorage(temporaryFolder()))).toEqual(learnt);
  });
});

describeInBrowser('the same lines', () => {
  test('do the same in a page, with checkpoints in its private file system', async () => {
    const outDir = temporaryFolder();
    const common = { root: here(''), configFile: here('../../vitest.config.ts'), logLevel: 'error' } as const;
    const find = /^@simvlm\/backend-native$/;
    await build({
      ...common,
      // From the package bundlers take this by its export for browsers; from the sources it must be said.
      resolve: { alias: [{ find, replacement: here('../../packages/backend-native/src/browser.ts') }] },
      build: { outDir, emptyOutDir: true, target: 'es2022' },
    });
    const server = await preview({ ...common, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
    onTestFinished(() => server.close());
    const browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', error => errors.push(error.message));
    await page.goto(server.resolvedUrls!.local[0]!);
    const outcome = await page.waitForFunction(() => document.body.textContent?.trim() || undefined);
    expect(errors).toEqual([]);
    expect(JSON.parse((await outcome.jsonValue())!)).toEqual(learnt);
  });
});
