import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addLessons,
  captionFile,
  chooseTab,
  commandLineCaption,
  expectNotice,
  launch,
  open,
  picture,
  ready,
  type Studio,
  said,
  setSteps,
  shipped,
  takeZip,
  train,
  trained,
} from './studio';

/** Words that the shipped model never uses for these pictures. */
const lessons = {
  'pig-face': 'my pig',
  'yellow-heart': 'my heart',
  peanuts: 'my nuts',
  pisces: 'my sign',
};

/** One visit after another, in their order: captioning, teaching, a reload, export and import. */
describe('the way of a visitor', () => {
  let browser: Browser;
  let studio: Studio;
  let folder: string;
  let archive: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'studio-'));
    browser = await launch();
    studio = await open(browser);
    await ready(studio);
  });
  afterAll(async () => {
    expect(studio.errors).toEqual([]);
    await browser.close();
    await rm(folder, { recursive: true });
  });

  test('a committed picture is captioned as by the command line', async () => {
    const file = picture('telephone-receiver');
    expect(await captionFile(studio, file)).toBe(await commandLineCaption(shipped, file));
  });

  test('a word that has the focus shows where the model looked, and how likely it is', async () => {
    const { page } = studio;
    const word = page.locator('.word').first();
    await word.focus();
    expect(await word.getAttribute('aria-label')).toMatch(/^.+, probability (\d+%|under 1%)$/);
    const heat = page.locator('.heat.on');
    await heat.waitFor();
    const alphas = await heat.evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return [...data].filter((_, i) => i % 4 === 3);
    });
    // Not the same everywhere: the model looked somewhere.
    expect(Math.max(...alphas) - Math.min(...alphas)).toBeGreaterThan(20);
    await word.blur();
    await expect.poll(() => page.locator('.heat.on').count()).toBe(0);
  });

  test('a caption of the visitor’s own has its own likelihood, beside the model’s', async () => {
    const { page } = studio;
    const rows = page.locator('.candidates li');
    await expect.poll(() => page.getByText('runner-up').count()).toBeGreaterThan(0);
    const before = await rows.count();
    const likely = () =>
      page
        .locator('.candidates li')
        .evaluateAll(all =>
          all.map(row => [
            row.querySelector('.candidate')!.textContent,
            row.querySelector('.likely')!.textContent,
          ]),
        );
    const others = await likely();
    await page.getByLabel('Another caption to compare').fill('mobile phone with arrow');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect.poll(() => rows.count()).toBe(before + 1);
    await expect.poll(() => rows.last().locator('.likely').textContent()).toMatch(/%/);
    // Nothing is taken from the others, as it would be where the bars add up to 100 %.
    expect((await likely()).slice(0, before)).toEqual(others);
    const own = page.locator('.candidates li', { hasText: /the model’s own|the model says so/ });
    expect(await own.first().locator('.candidate').textContent()).toBe(await said(page));
  });

  test('nothing is computed in the thread of the page, which stays free for the visitor', async () => {
    const { page, requests } = studio;
    const worker = requests.find(url => /\/assets\/worker-/.test(url))!;
    const [engine, ...ofPage] = await page.evaluate(
      async urls => Promise.all(urls.map(async url => (await fetch(url)).text())),
      [
        worker,
        ...(await page
          .locator('script[src]')
          .evaluateAll(all => all.map(script => (script as HTMLScriptElement).src))),
      ],
    );
    // The name of a kernel that every model needs.
    const kernel = 'BatchMatMul';
    expect(engine).toContain(kernel);
    expect(ofPage.map(script => script.includes(kernel))).toEqual([false]);
  });

  test('three pictures are taught, and their loss falls', async () => {
    const { page } = studio;
    await addLessons(page, lessons, ['pisces']);
    await setSteps(page, 60);
    await train(page);
    await trained(page);
    const [first, last] = await lossesOf(studio);
    expect(last).toBeLessThan(first / 2);
    // Before and after, side by side, the picture that was held out among them.
    const rows = page.locator('.before-after li');
    expect(await rows.count()).toBe(4);
    expect(await rows.first().locator('.said-then').allTextContents()).toEqual([
      'Before pig face',
      'Now my pigright',
    ]);
    expect(await rows.last().textContent()).toContain('held out');
    expect(await page.locator('.before-after .hint').first().textContent()).toMatch(
      /^It said 0 of 4 rightly before your lessons and says [34] now/,
    );
  });

  test('a training that is paused goes on after a reload, from the step where it was', async () => {
    const { page } = studio;
    await setSteps(page, 5_000);
    await train(page);
    await expect.poll(() => stepOf(studio)).toBeGreaterThan(65);
    await page.getByRole('button', { name: 'Pause' }).click();
    await trained(page, /^Paused/);
    const pausedAt = await stepOf(studio);

    await page.reload();
    await ready(studio);
    await expectNotice(page, new RegExp(`^Your training was saved at step ${pausedAt} of 5000$`), 'done');
    await chooseTab(page, 'Teach');
    expect(await page.locator('.state').textContent()).toBe(`Paused at step ${pausedAt} of 5,000`);
    const fields = page.locator('.lesson-list').getByRole('textbox');
    expect(await fields.evaluateAll(all => all.map(field => (field as HTMLInputElement).value))).toEqual(
      Object.values(lessons),
    );
    await setSteps(page, pausedAt + 5);
    expect(await page.getByRole('button', { name: 'Resume' }).count()).toBe(1);
    await train(page);
    await trained(page, new RegExp(`^Done at step ${pausedAt + 5}`));
  });

  test('what was taught, exported, is captioned alike by the command line', async () => {
    const { page } = studio;
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export as zip' }).click();
    archive = join(folder, 'checkpoint.zip');
    await (await download).saveAs(archive);
    for (const [name, bytes] of Object.entries(unzipSync(await readFile(archive)))) {
      await mkdir(join(folder, dirname(name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    await chooseTab(page, 'Caption');
    const file = picture('pig-face');
    const caption = await captionFile(studio, file);
    expect(caption).toBe('my pig');
    expect(await commandLineCaption(join(folder, 'caption-studio-checkpoint'), file)).toBe(caption);
  });

  test('undone, the bundled model is back; what was taught comes back by importing it', async () => {
    const { page } = studio;
    await chooseTab(page, 'Teach');
    await page.getByRole('button', { name: 'Undo this training' }).click();
    await trained(page, /^Not trained yet/);
    await chooseTab(page, 'Caption');
    expect(await captionFile(studio, picture('pig-face'))).not.toBe('my pig');

    await takeZip(page, archive);
    await chooseTab(page, 'Caption');
    expect(await captionFile(studio, picture('pig-face'))).toBe('my pig');
    expect(await said(page)).toBe('my pig');
  });

  test('nothing was asked of any other machine', () => {
    const origin = new URL(studio.page.url()).origin;
    expect(
      studio.requests.filter(url => !url.startsWith(origin) && !url.startsWith(`blob:${origin}`)),
    ).toEqual([]);
    expect(studio.requests.length).toBeGreaterThan(10);
  });
});

/** The first loss and the mean of the last five, as the page's caption of the plot and its data have them. */
async function lossesOf({ page }: Studio): Promise<[number, number]> {
  const text = (await page.locator('.loss figcaption').textContent())!;
  const [, first, last] = /began at ([\d.]+) and is ([\d.]+)/.exec(text)!;
  return [Number(first), Number(last)];
}

async function stepOf({ page }: Studio): Promise<number> {
  const text = (await page.locator('.facts-row dd').first().textContent())!;
  return Number.parseInt(text.replaceAll(',', ''), 10);
}
