import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { preview } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { captionFile, launch, open, picture, ready } from './studio';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = process.env.STUDIO_DIST ?? 'dist';

const expected = {
  'content-security-policy': /^default-src 'none'; .*; frame-ancestors 'none'$/,
  'cross-origin-embedder-policy': /^require-corp$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'x-content-type-options': /^nosniff$/,
};

/** A page of the same site that shows another in a frame: only `frame-ancestors` can forbid that. */
const framing = '<!doctype html><iframe src="./"></iframe>';

describe('headers', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  /** What the browser says of the page in a frame. */
  async function framed(studio: Awaited<ReturnType<typeof open>>): Promise<string> {
    const { page, errors } = studio;
    const address = new URL('frame.html', page.url()).href;
    await page.route(address, route =>
      route.fulfill({
        body: framing,
        headers: { 'content-type': 'text/html', 'cross-origin-embedder-policy': 'require-corp' },
      }),
    );
    await page.goto(address);
    await expect.poll(() => errors.find(error => error.includes('frame')) ?? '').not.toBe('');
    return errors.find(error => error.includes('frame'))!;
  }

  test('the preview server sends them with every file, and _headers names the same for static hosts', async () => {
    const address = inject('address');
    const page = await (await fetch(address)).text();
    const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(page)![1]!;
    const written = await readFile(resolve(root, outDir, '_headers'), 'utf8');
    for (const path of ['', script, 'service-worker.js', 'icon.svg']) {
      const { ok, headers } = await fetch(address + path);
      expect(ok).toBe(true);
      for (const [name, value] of Object.entries(expected)) {
        expect(headers.get(name)).toMatch(value);
        expect(written).toContain(`\n  ${name}: ${headers.get(name)}\n`);
      }
    }
    expect(written).toMatch(/^\/\*\n/);
    // The one worker that may ask other machines has a policy of its own, in place of the general one.
    const fetcher = (await readdir(resolve(root, outDir, 'assets'))).find(name =>
      name.startsWith('fetcher-'),
    )!;
    const { headers } = await fetch(`${address}assets/${fetcher}`);
    const own = headers.get('content-security-policy')!;
    expect(own).toContain("connect-src 'self' https: http:;");
    expect(written).toContain(
      `/assets/fetcher-*\n  ! content-security-policy\n  content-security-policy: ${own}\n`,
    );
  });

  test('no page can show this one in a frame, and the policy stops nothing that it does itself', async () => {
    const studio = await open(browser, { serviceWorkers: 'block' });
    await ready(studio);
    expect(await captionFile(studio, picture('pig-face'))).not.toBe('');
    expect(studio.errors).toEqual([]);
    expect(await framed(studio)).toContain("frame-ancestors 'none'");
    await studio.context.close();
  });

  test('where the host sends none, the service worker does, from the second visit on', async () => {
    const server = await preview({
      root,
      configFile: false,
      build: { outDir },
      preview: { host: '127.0.0.1', port: 0 },
      logLevel: 'error',
    });
    onTestFinished(() => server.close());
    const address = server.resolvedUrls!.local[0]!;
    expect((await fetch(address)).headers.has('x-content-type-options')).toBe(false);
    const context = await browser.newContext();
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', message => message.type() === 'error' && errors.push(message.text()));
    await page.goto(address);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const headers = (await page.reload())!.headers();
    for (const [name, value] of Object.entries(expected)) expect(headers[name]).toMatch(value);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await ready({ page, context, requests: [], errors });
    expect(errors).toEqual([]);
    await context.close();
  });
});
