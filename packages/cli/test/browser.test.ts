import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { type SmallTraining, smallTraining } from './browser/small-training';

const { describe } = await needs('chromium');

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

describe('in a browser', () => {
  const site = mkdtempSync(join(tmpdir(), 'simvlm-page-'));
  let server: Server;
  let browser: Browser;
  let inNode: SmallTraining;

  beforeAll(async () => {
    await build({
      root: fileURLToPath(new URL('browser', import.meta.url)),
      configFile: fileURLToPath(new URL('../../../vitest.config.ts', import.meta.url)),
      logLevel: 'error',
      // From the package bundlers take this by its export for browsers; from the sources it must be said.
      resolve: {
        alias: [
          {
            find: /^@simvlm\/backend-native$/,
            replacement: fileURLToPath(new URL('../../backend-native/src/browser.ts', import.meta.url)),
          },
        ],
      },
      build: { outDir: site, emptyOutDir: true, minify: false, target: 'es2022' },
    });
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    inNode = await smallTraining();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(site, { recursive: true, force: true });
  });

  async function trainInPage(headers: Record<string, string>): Promise<SmallTraining> {
    server?.close();
    server = createServer((request, response) => {
      const path = request.url === '/' ? '/index.html' : request.url!;
      const file = join(site, path);
      if (!existsSync(file)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': types[extname(file)]!, ...headers })
          .end(readFileSync(file));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', error => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'outcome' in globalThis);
    const outcome = (await page.evaluate(() => globalThis.outcome)) as SmallTraining;
    await page.close();
    expect(errors).toEqual([]);
    return outcome;
  }

  it('a page that is cross-origin isolated trains on two threads, with the losses of Node bit for bit', async () => {
    const outcome = await trainInPage({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    expect(outcome).toEqual(inNode);
    expect(outcome.detail).toContain('2 threads');
    expect(outcome.losses.at(-1)).toBeLessThan(outcome.losses[0]! / 2);
  });

  it('any other page trains on one thread, with the same losses', async () => {
    const outcome = await trainInPage({});
    expect(outcome.detail).toContain('1 thread');
    expect(outcome.losses).toEqual(inNode.losses);
    expect(outcome.captions).toEqual(inNode.captions);
  });
});
