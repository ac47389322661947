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
import { colourShard, serveBytes } from './browser/shard-server';
import { type ShardTraining, shardTraining } from './browser/shard-training';
import { type SmallTraining, smallTraining } from './browser/small-training';

const { describe } = await needs('chromium');

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

describe('in a browser', () => {
  const site = mkdtempSync(join(tmpdir(), 'simvlm-page-'));
  let server: Server;
  let browser: Browser;
  let inNode: SmallTraining;
  let shard: Uint8Array;
  /** Addresses that were asked for below `/shards/`. */
  const asked: string[] = [];

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
    shard = await colourShard(90);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(site, { recursive: true, force: true });
  });

  async function listen(headers: Record<string, string>): Promise<string> {
    server?.close();
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://localhost');
      const file = join(site, pathname === '/' ? '/index.html' : pathname);
      if (pathname.startsWith('/shards/')) {
        asked.push(pathname);
        serveBytes(request, response, shard);
      } else if (!existsSync(file)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': types[extname(file)]!, ...headers })
          .end(readFileSync(file));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function inPage<T>(address: string): Promise<T> {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', error => errors.push(error.message));
    await page.goto(address);
    await page.waitForFunction(() => 'outcome' in globalThis);
    const outcome = (await page.evaluate(() => globalThis.outcome)) as T;
    await page.close();
    expect(errors).toEqual([]);
    return outcome;
  }

  it('a page that is cross-origin isolated trains on two threads, with the losses of Node bit for bit', async () => {
    const address = await listen({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    const outcome = await inPage<SmallTraining>(`${address}/`);
    expect(outcome).toEqual(inNode);
    expect(outcome.detail).toContain('2 threads');
    expect(outcome.losses.at(-1)).toBeLessThan(outcome.losses[0]! / 2);
  });

  it('any other page trains on one thread, with the same losses', async () => {
    const outcome = await inPage<SmallTraining>(`${await listen({})}/`);
    expect(outcome.detail).toContain('1 thread');
    expect(outcome.losses).toEqual(inNode.losses);
    expect(outcome.captions).toEqual(inNode.captions);
  });

  it('a tar shard behind an address trains a model, as in Node, and is never stored', async () => {
    const address = await listen({});
    const path = `${address}/shards/00000.tar`;
    const outcome = await inPage<ShardTraining>(`${address}/?shard=${encodeURIComponent(path)}`);
    expect(asked.length).toBeGreaterThan(0);
    expect(outcome).toEqual(await shardTraining(path));
    expect(outcome.losses).toHaveLength(40);
    expect(outcome.exactMatch).toBeGreaterThan(0.9);
  });
});
