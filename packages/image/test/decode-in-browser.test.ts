import { fileURLToPath } from 'node:url';
import type { RgbImage } from '@simvlm/core';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumPath } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import type { DecodeOptions, Drawable } from '../src/index';
import { drawn, fixtureFile, oddPictures } from './fixture';

const { describe } = await needs('chromium');

/** What the page has of this package. */
declare const vision: {
  decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<RgbImage>;
  drawnImage(picture: Drawable, maxPixels?: number): Promise<RgbImage>;
};

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
          entry: fileURLToPath(new URL('./programs/decoding.ts', import.meta.url)),
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

  it('takes what the page has decoded: an img, a canvas, an ImageBitmap; transparency is laid on white', async () => {
    const [file, half] = await Promise.all(
      [255, 127].map(alpha =>
        sharp(Buffer.from([10, 20, 30, alpha, 40, 50, 60, alpha]), {
          raw: { width: 2, height: 1, channels: 4 },
        })
          .png()
          .toBuffer(),
      ),
    );
    const pixels = await page.evaluate(
      async ([file, half]) => {
        const img = Object.assign(new Image(), { src: `data:image/png;base64,${file}` });
        const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${half}`)).blob());
        const canvas = new OffscreenCanvas(2, 1);
        canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
        const all = await Promise.all([img, canvas, bitmap].map(picture => vision.drawnImage(picture)));
        return all.map(({ width, height, data }) => ({ width, height, data: [...data] }));
      },
      [file!.toString('base64'), half!.toString('base64')],
    );
    expect(pixels[0]).toEqual({ width: 2, height: 1, data: [10, 20, 30, 40, 50, 60] });
    // Half of the colour and half of the white, rounded by the browser.
    for (const { data } of pixels.slice(1))
      for (const [i, value] of [133, 138, 143, 148, 153, 158].entries())
        expect(Math.abs(data[i]! - value)).toBeLessThanOrEqual(1);
  });

  it('says of an img that did not load, and of one that is too large, what is wrong', async () => {
    const failures = await page.evaluate(async () => {
      const broken = Object.assign(new Image(), { src: 'data:image/png;base64,AAAA' });
      const codeOf = (error: Error & { code?: string }) => error.code;
      return [
        await vision.drawnImage(broken).catch(codeOf),
        await vision.drawnImage(new OffscreenCanvas(10, 10), 99).catch(codeOf),
      ];
    });
    expect(failures).toEqual(['IMAGE_UNREADABLE', 'IMAGE_TOO_LARGE']);
  });
});
