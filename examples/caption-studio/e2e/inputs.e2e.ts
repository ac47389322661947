import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { violations } from './axe';
import { Drag, drop } from './drag';
import {
  captionFile,
  chooseTab,
  expectNotice,
  launch,
  nextCaption,
  open,
  picture,
  ready,
  type Studio,
  said,
  setSteps,
  shown,
  train,
  trained,
} from './studio';

/** What an iPhone makes, which Chromium cannot read. */
const heic = new URL('../../../packages/image/test/fixtures/iphone.heic', import.meta.url);
const clipboard = ['clipboard-read', 'clipboard-write'];

/** One visit, in its order: pictures that are not chosen from a dialog, then lessons by the folder. */
describe('pictures come in', () => {
  let browser: Browser;
  let studio: Studio;
  let page: Page;
  let folder: string;
  /** The caption of the sample that the page begins with. */
  let ofPig: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'studio-'));
    browser = await launch(['--use-fake-device-for-media-stream']);
    studio = await open(browser, { permissions: clipboard, reducedMotion: 'reduce' });
    page = studio.page;
    await page.evaluate(rememberCameras);
    await ready(studio);
    ofPig = await said(page);
  });
  beforeEach(async () => {
    const dismiss = page.getByRole('button', { name: 'Dismiss this message' });
    if ((await dismiss.count()) > 0) await dismiss.click();
  });
  afterAll(async () => {
    expect(studio.errors).toEqual([]);
    await browser.close();
    await rm(folder, { recursive: true });
  });

  describe('in the view Caption', () => {
    test('pasted: it is captioned as if it had been chosen', async () => {
      const before = await shown(page);
      await copy(page, picture('telephone-receiver'));
      await page.keyboard.press('Control+V');
      const pasted = await nextCaption(page, before);
      expect(pasted).not.toBe(ofPig);
      expect(await captionFile(studio, picture('telephone-receiver'))).toBe(pasted);
    });

    test('a text with its picture, as office programs copy it, is pasted into a field as the text', async () => {
      const before = await shown(page);
      await copy(page, picture('pig-face'), 'a pink pig');
      const field = page.getByLabel('Another caption to compare');
      await field.focus();
      await page.keyboard.press('Control+V');
      await expect.poll(() => field.inputValue()).toBe('a pink pig');
      await field.fill('');
      expect(await shown(page)).toBe(before);
    });

    test('dropped anywhere on the page', async () => {
      const before = await shown(page);
      const hint = page.locator('.drop-hint');
      await Drag.over(page, [picture('pig-face')], [200, 40]);
      await hint.waitFor();
      // Chromium's protocol has no way to leave the window with the files.
      await page.dispatchEvent('body', 'dragleave');
      await expect.poll(() => hint.count()).toBe(0);
      const drag = await Drag.over(page, [picture('pig-face')], [200, 40]);
      expect(await hint.textContent()).toBe('Drop it for a caption');
      await drag.drop();
      expect(await nextCaption(page, before)).toBe(ofPig);
      await expect.poll(() => hint.count()).toBe(0);
    });

    test('a folder that is dropped there is captioned whole, and About takes nothing', async () => {
      const before = await shown(page);
      await drop(page, await lessonFolder(folder, 'two', ['pig-face', 'pisces']));
      await page.getByText('2 pictures captioned').waitFor();
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      await chooseTab(page, 'About');
      const drag = await Drag.over(page, [picture('pig-face')], [200, 40]);
      expect(await page.locator('.drop-hint').count()).toBe(0);
      await drag.drop();
      // Refused, and not opened in the page's place either.
      expect(page.url()).toMatch(/#about$/);
      await chooseTab(page, 'Caption');
      expect(await shown(page)).toBe(before);
    });
  });

  describe('from the camera', () => {
    test('which is refused: it is said, and the page still works', async () => {
      await page.getByRole('button', { name: 'Camera' }).click();
      await expectNotice(page, /^The camera may not be used$/);
      expect(await page.locator('dialog').count()).toBe(0);
      expect(await captionFile(studio, picture('yellow-heart'))).not.toBe('');
    });

    test('which is allowed: a photograph is captioned, and the camera is off again', async () => {
      await studio.context.grantPermissions([...clipboard, 'camera']);
      const before = await shown(page);
      await page.getByRole('button', { name: 'Camera' }).click();
      const take = page
        .getByRole('dialog', { name: 'Take a picture' })
        .getByRole('button', { name: 'Take it' });
      await expect.poll(() => take.isEnabled()).toBe(true);
      expect(await violations(page)).toEqual([]);
      await take.click();
      expect(await nextCaption(page, before)).not.toBe('');
      const photo = page.getByAltText('Your picture, photograph.png');
      const size = await photo.evaluate((image: HTMLImageElement) => [
        image.naturalWidth,
        image.naturalHeight,
      ]);
      expect(Math.min(...size)).toBeGreaterThanOrEqual(240);
      expect(await camerasOn(page)).toEqual([false]);
    });

    test('or not after all: nothing changes, and the camera is off again', async () => {
      const before = await shown(page);
      await page.getByRole('button', { name: 'Camera' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await expect.poll(() => camerasOn(page)).toEqual([false, false]);
      expect(await page.locator('dialog').count()).toBe(0);
      expect(await shown(page)).toBe(before);
    });

    test('which is unplugged: it is said', async () => {
      await page.getByRole('button', { name: 'Camera' }).click();
      await page.getByRole('dialog').waitFor();
      await page.evaluate(() => {
        const { cameraTracks } = globalThis as unknown as { cameraTracks: MediaStreamTrack[] };
        cameraTracks.at(-1)!.dispatchEvent(new Event('ended'));
      });
      await expectNotice(page, /^The camera is gone$/);
      await expect.poll(() => page.locator('dialog').count()).toBe(0);
    });
  });

  describe('in the view Teach', () => {
    test('a folder with ten captions: each at its picture, every fifth held out', async () => {
      await chooseTab(page, 'Teach');
      const names = ['pig-face', 'pisces', 'peanuts', 'yellow-heart', 'telephone-receiver'];
      const path = await lessonFolder(folder, 'ten', [...names, ...names]);
      await page.getByLabel('Add a folder').setInputFiles(path);
      await expectNotice(page, /^10 pictures added$/, 'done');
      expect(await taught(page)).toEqual([...names, ...names].map(name => `my ${name}`));
      const heldOut = await page
        .locator('.lesson-list')
        .getByRole('switch')
        .evaluateAll(all => all.map(each => (each as HTMLInputElement).checked));
      expect(heldOut).toEqual(Array.from({ length: 10 }, (_, i) => i % 5 === 4));
      await removeLessons(page);
    });

    test('a folder that is dropped, beside a picture; what is not there is told', async () => {
      const path = await lessonFolder(folder, 'gaps', ['pig-face', 'pisces'], ['lost.png']);
      await writeFile(join(path, 'pictures', 'pisces.png'), 'no picture');
      await drop(page, path, picture('peanuts'));
      await expectNotice(page, /^2 pictures added, 2 left out$/);
      await page.locator('.notice summary').click();
      expect(await page.locator('.notice code').textContent()).toBe(
        'pictures/pisces.png is not a picture\nlost.png: not in the folder',
      );
      await expect.poll(() => taught(page)).toEqual(['my pig-face', '']);
      await removeLessons(page);
    });

    test('a folder without captions.jsonl: each picture has the name of its folder; of the next, nothing can be used', async () => {
      const animals = join(folder, 'animals');
      await mkdir(join(animals, 'my_pig'), { recursive: true });
      await copyFile(picture('pig-face'), join(animals, 'my_pig', '1.png'));
      await copyFile(picture('pisces'), join(animals, '2.png'));
      await writeFile(join(animals, '.DS_Store'), 'of the system');
      await page.getByLabel('Add a folder').setInputFiles(animals);
      await expectNotice(page, /^2 pictures added$/, 'done');
      expect((await taught(page)).sort()).toEqual(['animals', 'my pig']);
      await removeLessons(page);
      await drop(page, await lessonFolder(folder, 'empty', [], ['lost.png']));
      await expectNotice(page, /^None of these pictures can be used$/);
      expect(await taught(page)).toEqual([]);
    });

    test('several at once: a drawing in SVG among them, and each that cannot be read is named with the reason', async () => {
      const svg =
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><rect width="2" height="2"/></svg>';
      await page.getByLabel('Add pictures').setInputFiles([
        { name: 'half.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) },
        { name: 'torn.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg><rect') },
        { name: 'phone.heic', mimeType: 'image/heic', buffer: await readFile(heic) },
        { name: 'pig.png', mimeType: 'image/png', buffer: await readFile(picture('pig-face')) },
        { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear model') },
      ]);
      await expectNotice(page, /^2 pictures added, 3 left out$/);
      expect((await page.locator('.notice code').textContent())!.split('\n')).toEqual([
        'torn.svg is a drawing that this browser cannot read',
        'phone.heic is a HEIC picture, which this browser cannot read',
        'letter.txt is not a picture',
      ]);
      const pixels = await page
        .locator('.lesson-list img')
        .first()
        .evaluate(async (image: HTMLImageElement) => {
          await image.decode();
          const canvas = document.createElement('canvas');
          const context = canvas.getContext('2d')!;
          context.drawImage(image, 0, 0, 4, 2);
          return [image.naturalWidth / image.naturalHeight, ...context.getImageData(0, 0, 4, 1).data];
        });
      // Black on the left, white on the right where the drawing has nothing.
      expect(pixels).toEqual([2, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255]);
      await removeLessons(page);
    });

    test('by webcam: words, then as many pictures as it is held for; by key, too', async () => {
      await studio.context.grantPermissions([...clipboard, 'camera']);
      await page.getByRole('button', { name: 'Webcam' }).click();
      const dialog = page.getByRole('dialog', { name: 'Teach by webcam' });
      const button = dialog.getByRole('button', { name: /^Take it/ });
      expect(await button.isDisabled()).toBe(true);
      await dialog.getByLabel('What is it?').fill('my mug');
      await expect.poll(() => button.isEnabled()).toBe(true);
      expect(await violations(page)).toEqual([]);
      await button.hover();
      await page.mouse.down();
      await dialog.getByText(/^([3-9]|\d\d) pictures of “my mug”/).waitFor();
      await page.mouse.up();
      await dialog.getByLabel('What is it?').fill('my pen');
      await button.focus();
      await page.keyboard.press('Enter');
      await dialog.getByText(/^1 picture of “my pen”/).waitFor();
      await dialog.getByRole('button', { name: 'Done' }).click();
      await expect.poll(async () => (await camerasOn(page)).at(-1)).toBe(false);
      expect(new Set(await taught(page))).toEqual(new Set(['my mug', 'my pen']));
      const size = await page
        .locator('.lesson-list img')
        .first()
        .evaluate(async (image: HTMLImageElement) => {
          await image.decode();
          return [image.naturalWidth, image.naturalHeight];
        });
      expect(size).toEqual([384, 384]);
      await page.getByRole('button', { name: 'Remove all' }).click();
    });

    test('by webcam, where there is none or it is refused: it is said in plain words', async () => {
      await studio.context.clearPermissions();
      await studio.context.grantPermissions(clipboard);
      await page.getByRole('button', { name: 'Webcam' }).click();
      await expectNotice(page, /^The camera may not be used$/);
      expect(await page.locator('dialog').count()).toBe(0);
    });

    test('pasted; while a training runs it is said that this has to wait', async () => {
      await copy(page, picture('pig-face'));
      await page.keyboard.press('Control+V');
      await expect.poll(() => taught(page)).toEqual(['']);
      await page.locator('.lesson-list').getByRole('textbox').fill('my pig');
      await setSteps(page, 5_000);
      await train(page);
      await expect.poll(() => page.locator('.state').textContent()).toBe('Learning');
      await drop(page, picture('pisces'));
      await expectNotice(page, /^A training is running$/);
      await page.getByRole('button', { name: 'Pause' }).click();
      await trained(page, /^Paused/);
      expect(await taught(page)).toEqual(['my pig']);
    });
  });
});

/** A folder of pictures in a folder of their own, with `captions.jsonl`; those of `lost` are not there. */
async function lessonFolder(
  parent: string,
  name: string,
  pictures: readonly string[],
  lost: readonly string[] = [],
): Promise<string> {
  const path = join(parent, name);
  await mkdir(join(path, 'pictures'), { recursive: true });
  for (const each of pictures) await copyFile(picture(each), join(path, 'pictures', `${each}.png`));
  const lines = [
    ...pictures.map(each => ({ image: `pictures/${each}.png`, text: `my ${each}` })),
    ...lost.map(image => ({ image, text: 'lost' })),
  ];
  await writeFile(join(path, 'captions.jsonl'), lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

/** Puts a PNG file on the clipboard, with a text beside it where one is given. */
async function copy(page: Page, file: string, text?: string): Promise<void> {
  const base64 = await readFile(file, 'base64');
  await page.evaluate(
    async ([base64, text]) => {
      const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
      const item: Record<string, Blob> = { 'image/png': new Blob([bytes], { type: 'image/png' }) };
      if (text !== undefined) item['text/plain'] = new Blob([text], { type: 'text/plain' });
      await navigator.clipboard.write([new ClipboardItem(item)]);
    },
    [base64, text] as const,
  );
}

/** The captions of all lessons. */
function taught(page: Page): Promise<string[]> {
  return page
    .locator('.lesson-list')
    .getByRole('textbox')
    .evaluateAll(all => all.map(field => (field as HTMLInputElement).value));
}

async function removeLessons(page: Page): Promise<void> {
  const remove = page.getByRole('button', { name: /^Remove picture 1,/ });
  while ((await remove.count()) > 0) await remove.click();
}

/** Runs in the page: keeps the tracks of every camera that it opens. */
function rememberCameras(): void {
  const tracks: MediaStreamTrack[] = [];
  Object.assign(globalThis, { cameraTracks: tracks });
  const { mediaDevices } = navigator;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async constraints => {
    const stream = await original(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };
}

function camerasOn(page: Page): Promise<boolean[]> {
  return page.evaluate(() =>
    (globalThis as unknown as { cameraTracks: MediaStreamTrack[] }).cameraTracks.map(
      ({ readyState }) => readyState === 'live',
    ),
  );
}
