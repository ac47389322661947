import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkpointFolder } from '@simvlm/checkpoint/browser';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  captionFile,
  chooseTab,
  expectNotice,
  launch,
  open,
  picture,
  ready,
  type Studio,
  smallFiles,
} from './studio';

/** A machine of another origin that holds a checkpoint, lets pages read it, and serves ranges. */
async function serve(files: ReadonlyMap<string, Uint8Array>): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const bytes = files.get(request.url!.slice('/small/'.length));
    if (!bytes) return void response.writeHead(404).end();
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (!range) return void response.end(bytes);
    const [from, to] = [Number(range[1]), Number(range[2])];
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` });
    response.end(bytes.subarray(from, to + 1));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('a model by its address', () => {
  let browser: Browser;
  let studio: Studio;
  let server: Server;
  let address: string;
  beforeAll(async () => {
    const source = { repository: 'someone/small-captioner', model_type: 'git', licence: 'MIT' };
    const files = {
      ...(await smallFiles()),
      'source.json': new TextEncoder().encode(JSON.stringify(source)),
    };
    server = await serve(await checkpointFolder(new Map(Object.entries(files))));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/small/`;
    browser = await launch();
    studio = await open(browser);
    await ready(studio);
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });

  test('is shown with size, memory, licence and source before a weight is loaded, then captions', async () => {
    const { page } = studio;
    const before = await captionFile(studio, picture('yellow-heart'));
    await chooseTab(page, 'Model');
    await page.getByLabel('Address of a checkpoint folder').fill(address);
    await page.getByRole('button', { name: 'Look at it' }).click();
    const offer = page.locator('.offer');
    await offer.waitFor();
    const shown = (await offer.textContent())!;
    for (const part of [/Download\d+\.\d MB from/, /Memory\d+\.\d MB of weights on WebAssembly/])
      expect(shown).toMatch(part);
    for (const part of ['MIT', 'someone/small-captioner', 'GIT. Known to work'])
      expect(shown).toContain(part);
    if (process.env.STUDIO_SHOT) await page.screenshot({ path: process.env.STUDIO_SHOT, fullPage: true });
    await page.getByRole('button', { name: 'Load this model' }).click();
    await expectNotice(page, /^Loaded$/, 'done');
    expect(studio.errors).toEqual([]);
    await chooseTab(page, 'Caption');
    expect(await captionFile(studio, picture('pig-face'))).not.toBe('');

    await chooseTab(page, 'Model');
    await page.getByRole('button', { name: 'Back to the model before' }).click();
    await expect.poll(() => page.locator('#panel-model').textContent()).toContain('comes with the page');
    await chooseTab(page, 'Caption');
    expect(await captionFile(studio, picture('yellow-heart'))).toBe(before);
  });

  test('that leads nowhere is said to', async () => {
    const { page } = studio;
    await chooseTab(page, 'Model');
    await page.getByLabel('Address of a checkpoint folder').fill(`${address}not-here/`);
    await page.getByRole('button', { name: 'Look at it' }).click();
    await expectNotice(page, /no checkpoint at this address/);
  });

  test('only the worker that fetches may ask another machine: the page, which has the pictures, may not', async () => {
    const { page } = studio;
    const reached = await page.evaluate(
      url =>
        fetch(`${url}manifest.json`).then(
          () => 'reached',
          error => (error as Error).name,
        ),
      address,
    );
    expect(reached).toBe('TypeError');
  });
});
