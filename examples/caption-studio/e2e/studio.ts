import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SimVlm, type SimVlmConfig } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Remote } from 'comlink';
import { zipSync } from 'fflate';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { expect, inject } from 'vitest';
import { chromiumPath, softwareArgs } from '../../../scripts/parts/chromium';
import type { Engine } from '../src/engine/engine';

declare global {
  /** The engine, as the page gives it to tests. */
  var studio: Remote<Engine>;
}

/** The root of the repository. */
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of the checkpoint that the page comes with. */
export const shipped = `${root}packages/checkpoint-emoji/checkpoint`;

/** The files of the shipped checkpoint with a model in it that is small and knows nothing. */
export async function smallFiles(): Promise<Record<string, Uint8Array>> {
  const read = async (name: string) => new Uint8Array(await readFile(`${shipped}/${name}`));
  const config: SimVlmConfig = {
    ...JSON.parse(await readFile(`${shipped}/model.json`, 'utf8')),
    layers: 1,
    patcher: { kind: 'linear', patchSize: 16 },
  };
  await tf.setBackend('cpu');
  const model = SimVlm.create(config);
  const weights = await model.saveWeights();
  model.dispose();
  return {
    'model.json': new TextEncoder().encode(JSON.stringify(config)),
    'weights.safetensors': weights,
    'tokenizer.model': await read('tokenizer.model'),
    'run.json': await read('run.json'),
  };
}

export async function smallCheckpoint(): Promise<Buffer> {
  return Buffer.from(zipSync(await smallFiles(), { level: 0 }));
}

/** A committed picture by its name. */
export const picture = (name: string) => `${root}docs/pictures/emojione/${name}.png`;

/** @param more switches of Chromium */
export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [...softwareArgs, ...more],
  });
}

export interface Studio {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page asked for, and where. */
  readonly requests: string[];
  /** What nobody caught, and what the console calls an error. */
  readonly errors: string[];
}

export interface OpenOptions extends BrowserContextOptions {
  /** Which backend the engine takes; default: the fastest that works, which is wasm without a GPU. */
  readonly query?: string;
  /** JavaScript that runs in the engine's worker before anything else. */
  readonly workerPrelude?: string;
}

/** A fresh visitor on the page, before its engine has started. */
export async function open(browser: Browser, options: OpenOptions = {}): Promise<Studio> {
  const { query = '', workerPrelude, ...contextOptions } = options;
  const context = await browser.newContext({
    // A request that the service worker answers cannot be changed on its way.
    ...(workerPrelude && { serviceWorkers: 'block' as const }),
    ...contextOptions,
  });
  // A limit for what hangs, not for what is slow.
  context.setDefaultTimeout(300_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  context.on('request', request => requests.push(request.url()));
  page.on('pageerror', error => errors.push(error.message));
  page.on('console', message => message.type() === 'error' && errors.push(message.text()));
  if (workerPrelude) {
    await page.route(/\/assets\/worker-[^/]*\.js$/, async route => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${workerPrelude};\n${await response.text()}` });
    });
  }
  await page.goto(`${inject('address')}${query}`);
  return { page, context, requests, errors };
}

/** Waits until the first picture has its caption, and its candidates their bars. */
export async function ready({ page }: Studio): Promise<void> {
  await page.locator('.word').first().waitFor({ state: 'attached' });
  await page.locator('.candidates li.best').waitFor({ state: 'attached' });
}

/** Gives the Caption view a file, and waits until the model has said something of it. */
export async function captionFile(
  { page }: Studio,
  file: Parameters<Locator['setInputFiles']>[0],
): Promise<string> {
  const before = await shown(page);
  await page.getByLabel('Choose a picture').setInputFiles(file);
  return nextCaption(page, before);
}

/** The address of the picture that is shown. */
export const shown = (page: Page) => page.locator('.mount img').getAttribute('src');

/** The caption of the picture that comes after `before`. */
export async function nextCaption(page: Page, before: string | null): Promise<string> {
  await expect.poll(() => shown(page)).not.toBe(before);
  // The words stand there a moment before the caption is read out.
  await page
    .locator('.label [role=status]')
    .filter({ hasText: /Caption:/ })
    .waitFor({ state: 'attached' });
  return said(page);
}

/** Waits for a message of that title. What to do about it is always said, too. */
export async function expectNotice(
  page: Page,
  title: RegExp,
  kind: 'error' | 'done' = 'error',
): Promise<void> {
  const notice = page.locator(`.notice.${kind}`);
  await expect.poll(() => notice.locator('strong').textContent()).toMatch(title);
  expect((await notice.locator('p').textContent())!.length).toBeGreaterThan(20);
}

/** The caption that stands there. */
export async function said(page: Page): Promise<string> {
  return (await page.locator('.label [role=status]').textContent())!.replace(/^.*?Caption: /, '');
}

export async function chooseTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name }).click();
}

/** Opens a zip of a checkpoint in the Model view, and loads what it is shown to be. */
export async function takeZip(page: Page, file: Parameters<Locator['setInputFiles']>[0]): Promise<void> {
  await chooseTab(page, 'Model');
  await page.getByLabel('Open a zip').setInputFiles(file);
  await page.getByRole('button', { name: 'Load this model' }).click();
  await expectNotice(page, /^Loaded$/, 'done');
}

/** Adds pictures with their captions in the Teach view; those named in `heldOut` are not trained on. */
export async function addLessons(
  page: Page,
  lessons: Readonly<Record<string, string>>,
  heldOut: readonly string[] = [],
): Promise<void> {
  await chooseTab(page, 'Teach');
  const names = Object.keys(lessons);
  const before = await page.locator('.lesson-list li').count();
  await page.getByLabel('Add pictures').setInputFiles(names.map(picture));
  const rows = page.locator('.lesson-list li');
  await expect.poll(() => rows.count()).toBe(before + names.length);
  for (const [i, name] of names.entries()) {
    const row = rows.nth(before + i);
    await row.getByRole('textbox').fill(lessons[name]!);
    if (heldOut.includes(name)) await row.getByRole('switch').check();
  }
}

export async function setSteps(page: Page, steps: number): Promise<void> {
  const settings = page.locator('.settings');
  if ((await settings.getAttribute('open')) === null) await settings.locator('summary').click();
  await settings.getByLabel('Steps').fill(String(steps));
  await settings.getByLabel('Steps').blur();
}

/** Presses Train or Resume. */
export async function train(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^(Train|Resume)$/ }).click();
}

export async function trained(page: Page, state: RegExp = /^Done/): Promise<void> {
  await expect.poll(() => page.locator('.state').textContent()).toMatch(state);
}

const exec = promisify(execFile);

/** What the built command line says of a picture. */
export async function commandLineCaption(checkpoint: string, file: string): Promise<string> {
  const { stdout } = await exec(
    process.execPath,
    [
      `${root}packages/cli/dist/bin.js`,
      ...['caption', '--jsonl', '--backend', 'wasm', '--checkpoint', checkpoint, file],
    ],
    { timeout: 300_000 },
  );
  return JSON.parse(stdout).text;
}
