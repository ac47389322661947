import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Random } from '@simvlm/core';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { sourceAliases } from '../../../scripts/source-aliases';
import { type PictureTransform, preparePicture } from '../src/index';
import { noise } from './fixture';
import type { Outcome } from './programs/pool-page';

const { describe } = await needs('chromium');

/** What the page has. */
declare const prepared: (file: string, transform: PictureTransform, seed: number) => Promise<Outcome>;

describe('a picture pool in a browser', () => {
  let browser: Browser;
  let page: Page;
  let server: Server;

  beforeAll(async () => {
    const bundle = (await build({
      configFile: false,
      logLevel: 'error',
      resolve: { alias: sourceAliases() },
      worker: { format: 'es' },
      build: {
        write: false,
        minify: false,
        target: 'es2022',
        rollupOptions: {
          input: fileURLToPath(new URL('programs/pool-page.ts', import.meta.url)),
          output: { entryFileNames: 'page.js' },
        },
      },
    })) as Rollup.RollupOutput;
    const files = new Map<string, string | Uint8Array>([
      ['/', '<!doctype html><script type="module" src="page.js"></script>'],
    ]);
    for (const file of bundle.output)
      files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source);
    server = createServer((request, response) => {
      const body = files.get(request.url!);
      const type = request.url === '/' ? 'text/html' : 'text/javascript';
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'prepared' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const inPage = (bytes: Uint8Array, transform: PictureTransform, seed: number) =>
    page.evaluate(([file, transform, seed]) => prepared(file, transform, seed), [
      Buffer.from(bytes).toString('base64'),
      transform,
      seed,
    ] as const);

  it('makes in its workers the pictures that this thread makes', async () => {
    const { width, height, data } = noise(40, 30);
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    for (const augment of ['none', 'crop', 'drawing-strong'] as const) {
      const transform = { size: 16, augment };
      const draw = { random: Random.fromSeed(5).state(), mirror: true };
      const here = await preparePicture({ picture: png, transform, draw });
      expect(await inPage(png, transform, 5)).toEqual({ width: 16, height: 16, data: [...here.data] });
    }
  });

  it('rejects what is no picture as this thread does', async () => {
    expect(await inPage(new TextEncoder().encode('a letter'), { size: 16 }, 5)).toMatchObject({
      code: 'IMAGE_UNREADABLE',
      message: expect.stringContaining('this is not a picture'),
    });
  });
});
