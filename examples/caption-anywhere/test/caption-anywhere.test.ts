import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { openCaptioner } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';
import { chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { type Handle, serve, serveRange } from '../../../packages/bytes/test/serve';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { builtPage } from '../../train-anywhere/test/built-page';

const { test } = await needs('chromium');
const here = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const bundled = here('../../packages/checkpoint-emoji/checkpoint');
const horse = here('../../packages/checkpoint-emoji/samples/horse.png');

/** As another origin serves files to pages. */
const crossOrigin: Handle = (request, response, file) => {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'range');
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  serveRange(request, response, file);
};

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'caption-anywhere-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits for the model and gives the caption of the picture. */
async function captionIn(page: Page, address: string): Promise<string> {
  await page.goto(address);
  await page.waitForSelector('#picture:not([disabled])');
  expect(await page.$eval('progress', ({ value }) => value)).toBe(1);
  await page.setInputFiles('#picture', horse);
  const text = await page.waitForFunction(() => document.getElementById('caption')!.textContent || undefined);
  return (await text.jsonValue())!;
}

test('a page captions as Node does, and its second visit needs no server of the model', async () => {
  await pickBackend();
  const captioner = await openCaptioner(await openCheckpoint(bundled));
  const [expected] = await captioner.caption([new Blob([readFileSync(horse)])]);
  captioner.dispose();

  const files = readdirSync(bundled).map(name => [name, readFileSync(join(bundled, name))] as const);
  let isThere = true;
  const models = await serve(new Map(files), (request, response, file) =>
    isThere ? crossOrigin(request, response, file) : void response.destroy(),
  );
  const address = `${await builtPage(here(''), temporaryFolder())}?model=${encodeURIComponent(models.url)}`;
  const args = ['--no-sandbox', '--disable-gpu'];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  onTestFinished(() => browser.close());
  const page = await (await browser.newContext()).newPage();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(error.message));
  expect(await captionIn(page, address)).toBe(expected!.text);
  // Each byte of the weights came once.
  const weights = files.find(([name]) => name === 'weights.safetensors')![1].length;
  const all = files.reduce((sum, [, { length }]) => sum + length, 0);
  expect(models.sent()).toBeGreaterThanOrEqual(weights);
  expect(models.sent()).toBeLessThanOrEqual(all);

  isThere = false;
  expect(await captionIn(page, address)).toBe(expected!.text);
  expect(errors).toEqual([]);
});
