import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Checkpoint,
  type CheckpointFiles,
  checkpointFiles,
  collect,
  memoryCheckpoint,
} from '@simvlm/checkpoint';
import { checkpointFolder } from '@simvlm/checkpoint/browser';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { integerTensors } from '@simvlm/model';
import { contentsForUse, openCaptioner, openForUse, ownParts } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Handle, serve, serveRange } from '../../../packages/bytes/test/serve';
import { importedCheckpoint } from '../../../packages/cli/test/imported';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { type BuiltPage, builtPage } from '../../train-anywhere/test/built-page';

const { describe, test } = await needs('chromium');
const here = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const bundled = here('../../packages/checkpoint-emoji/checkpoint');
const horse = here('../../packages/checkpoint-emoji/samples/horse.png');

const folder = mkdtempSync(join(tmpdir(), 'caption-anywhere-'));

/** As another origin serves files to pages. */
const crossOrigin: Handle = (request, response, file) => {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'range');
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  serveRange(request, response, file);
};

/** Waits for the model and gives the caption of the picture. */
async function captionIn(page: Page, address: string): Promise<string> {
  await page.goto(address);
  await page.waitForSelector('#picture:not([disabled])');
  expect(await page.$eval('progress', ({ value }) => value)).toBe(1);
  await page.setInputFiles('#picture', horse);
  const text = await page.waitForFunction(() => document.getElementById('caption')!.textContent || undefined);
  return (await text.jsonValue())!;
}

/** The files of a checkpoint as they are on a server. */
async function served(checkpoint: Checkpoint): Promise<CheckpointFiles> {
  return checkpointFolder(await checkpointFiles(checkpoint));
}

/** The bundled model with integers of 8 bits. */
async function ofIntegers(): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(bundled);
  const { config, weights } = await openForUse(checkpoint);
  const model = { ...config, weights: { bits: 8 } } as const;
  const integers = integerTensors(await weights(ownParts()), model);
  return memoryCheckpoint(await collect(await contentsForUse(checkpoint, integers, { model })));
}

/** A model that was imported, with random weights and without a run. */
async function imported(): Promise<Checkpoint> {
  return openCheckpoint(await importedCheckpoint(join(folder, 'git'), 'git'));
}

describe('a page', () => {
  let page: BuiltPage;
  let browser: Browser;
  beforeAll(async () => {
    await pickBackend();
    page = await builtPage(here(''), join(folder, 'page'));
    const args = ['--no-sandbox', '--disable-gpu'];
    browser = await chromium.launch({ executablePath: chromiumPath(), args });
  });
  afterAll(async () => {
    await browser?.close();
    await page?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['the bundled model', () => openCheckpoint(bundled)],
    ['integers of 8 bits', ofIntegers],
    ['an imported model', imported],
  ])('captions with %s as Node does, and its second visit needs no server of it', async (_, made) => {
    const checkpoint = await made();
    const captioner = await openCaptioner(checkpoint);
    const [expected] = await captioner.caption([new Blob([readFileSync(horse)])]);
    captioner.dispose();

    const files = await served(checkpoint);
    let isThere = true;
    const models = await serve(files, (request, response, file) =>
      isThere ? crossOrigin(request, response, file) : void response.destroy(),
    );
    const tab = await (await browser.newContext()).newPage();
    const errors: string[] = [];
    tab.on('pageerror', error => errors.push(error.message));
    const address = `${page.url}?model=${encodeURIComponent(models.url)}`;
    expect(await captionIn(tab, address)).toBe(expected!.text);
    // Each byte came once.
    expect(models.sent()).toBeGreaterThanOrEqual(files.get('weights.safetensors')!.length);
    expect(models.sent()).toBeLessThanOrEqual(
      [...files.values()].reduce((sum, { length }) => sum + length, 0),
    );

    isThere = false;
    expect(await captionIn(tab, address)).toBe(expected!.text);
    expect(errors).toEqual([]);
  });
});
