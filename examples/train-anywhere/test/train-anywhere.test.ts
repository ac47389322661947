import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderStorage } from '@simvlm/checkpoint/node';
import { chromium } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { train } from '../src/train';
import { builtPage } from './built-page';

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
    const { url, close } = await builtPage(here(''), temporaryFolder());
    onTestFinished(close);
    const browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', error => errors.push(error.message));
    await page.goto(url);
    const outcome = await page.waitForFunction(() => document.body.textContent?.trim() || undefined);
    expect(errors).toEqual([]);
    expect(JSON.parse((await outcome.jsonValue())!)).toEqual(learnt);
  });
});
