import { fileURLToPath } from 'node:url';
import type { RgbImage } from '@simvlm/core';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import type { DecodeOptions } from '../src/index';
import { drawn, fixtureFile, oddPictures } from './fixture';

const { describe } = await needs('chromium');

/** What the page has of this package. */
declare const vision: { decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<RgbImage> };

describe('decodeImage in a browser', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const bundle = (await build({
      configFile: fileURLToPath(new URL('../../../vitest.config.ts', import.meta.url)),
      logLevel: 'error',
      build: {
        write: false,
        minify: false,
        target: 'es2022',
        lib: {
          entry: fileURLToPath(new URL('../src/decode-image.ts', import.meta.url)),
          formats: ['iife'],
          name: 'vision',
        },
      },
    })) as Rollup.RollupOutput[];
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    page = await browser.newPage();
    await page.addScriptTag({ content: bundle[0]!.output[0].code });
  });
  afterAll(() => browser?.close());

  const decode = (bytes: Uint8Array, options: DecodeOptions = {}) =>
    page.evaluate(
      async ({ base64, options }) => {
        const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
        try {
          const { width, height, data } = await vision.decodeImage(bytes, options);
          return { width, height, data: [...data] };
        } catch (error) {
          const { code, message } = error as Error & { code: string };
          return { code, message };
        }
      },
      { base64: Buffer.from(bytes).toString('base64'), options },
    );

  // Whether a browser reads arithmetic coding is a choice of those who built it.
  const everywhere = oddPictures.filter(([name]) => name !== 'arithmetic-coding.jpg');
  it.each(everywhere)('reads %s, whose header is odd', async (name, width, height) => {
    expect(await decode(await fixtureFile(name))).toMatchObject({ width, height });
    const maxPixels = width * height - 1;
    expect(await decode(await fixtureFile(name), { maxPixels })).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('reads a PNG exactly, and refuses one whose palette is damaged', async () => {
    const image = drawn(16, 16, (x, y) => [x * 16, y * 16, 90]);
    const png = await sharp(image.data, { raw: { width: 16, height: 16, channels: 3 } })
      .png({ palette: true, colours: 256, dither: 0 })
      .toBuffer();
    expect(await decode(png)).toEqual({ ...image, data: [...image.data] });
    png[png.indexOf('PLTE') + 9]! ^= 0x10;
    expect(await decode(png)).toMatchObject({
      code: 'IMAGE_UNREADABLE',
      message: expect.stringContaining('the checksum of its PLTE chunk is wrong'),
    });
  });

  it('says of a HEIC picture and of a text what they are', async () => {
    expect(await decode(await fixtureFile('iphone.heic'))).toMatchObject({
      message: 'this is a HEIC picture, which cannot be decoded here; convert it to JPEG',
    });
    expect(await decode(new TextEncoder().encode('a letter'))).toMatchObject({
      message: expect.stringContaining('this is not a picture'),
    });
  });
});
