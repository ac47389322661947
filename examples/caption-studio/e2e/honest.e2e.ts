import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from './axe';
import { captionFile, chooseTab, launch, open, picture, ready, type Studio, shown } from './studio';

const photograph = (name: string) =>
  fileURLToPath(new URL(`../../../packages/checkpoint-emoji/test/photographs/${name}.jpg`, import.meta.url));

/** Photographs of which the model knows most to be strange; not each of them with every model. */
const strange = ['cat', 'coffee', 'grass', 'larch', 'pagoda', 'teddy-bear'];

describe('the page says what the model does not know', () => {
  let browser: Browser;
  let studio: Studio;
  let page: Page;
  beforeAll(async () => {
    browser = await launch();
    studio = await open(browser, { query: '?backend=wasm', reducedMotion: 'reduce' });
    page = studio.page;
    await ready(studio);
  });
  afterAll(async () => {
    expect(studio.errors).toEqual([]);
    await browser.close();
  });

  test('what it was trained on stands beside the first caption', async () => {
    expect(await page.locator('.trained-on').textContent()).toMatch(/trained on drawings of emoji/);
    expect(await page.locator('.unsure').count()).toBe(0);
  });

  test('a folder of photographs is captioned, most of them as guesses, and saved as CSV and JSON lines', async () => {
    await page.getByLabel('Caption a folder').setInputFiles(photograph('').replace('.jpg', ''));
    const summary = page.locator('.batch label');
    await expect
      .poll(() => summary.textContent())
      .toMatch(/^40 pictures captioned, unsure about \d+, 1 left out$/);
    expect(await page.locator('.batch details').textContent()).toContain('ATTRIBUTION.md');
    expect(await violations(page)).toEqual([]);
    const lines = await saved('Save as JSON lines');
    const rows: { image: string; text: string; unsure: boolean }[] = lines
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(rows).toHaveLength(40);
    expect(rows.filter(({ unsure }) => unsure).length).toBeGreaterThanOrEqual(32);
    const csv = await saved('Save as CSV');
    expect(csv.split('\r\n')).toHaveLength(42);
    expect(csv).toMatch(/^image,caption,logProb,unsure\r\n/);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
  });

  test('of one that it does not know it says so, and takes it to the lessons', async () => {
    for (const name of strange) {
      await captionFile(studio, photograph(name));
      await page.locator('.label .actions').waitFor();
      if ((await page.locator('.unsure').count()) > 0) break;
    }
    expect(await page.locator('.unsure').textContent()).toContain('I don’t know this one.');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Teach me' }).click();
    await expect.poll(() => page.locator('.lesson-list li').count()).toBe(1);
    const field = page.locator('.lesson-list').getByRole('textbox');
    await expect.poll(() => field.evaluate(element => element === document.activeElement)).toBe(true);
  });

  test('what it cannot write, and where it stops reading, is said while it is typed', async () => {
    const hints = page.locator('.lesson-list .text-hints');
    const field = page.locator('.lesson-list').getByRole('textbox');
    await field.fill('my 猫');
    await expect.poll(() => hints.textContent()).toBe('The model cannot write “猫”. ');
    await field.fill('a very long story of a cat '.repeat(7));
    await expect.poll(() => hints.textContent()).toMatch(/^It reads no further than “… .+”\.$/);
    expect(await violations(page)).toEqual([]);
    await field.fill('my cat');
    await expect.poll(() => hints.textContent()).toBe('');
    await chooseTab(page, 'Caption');
    await page.getByLabel('Another caption to compare').fill('猫');
    await expect.poll(() => page.locator('#candidate-hints').textContent()).toContain('“猫”');
    await page.getByLabel('Another caption to compare').fill('');
  });

  test('of a picture that is not square the square that it sees is shown, and the heat map lies on it', async () => {
    await captionFile(studio, photograph('larch'));
    await page.locator('.word').first().focus();
    const [seen, heat, image] = await Promise.all(
      ['.seen', '.heat.on', '.mount img'].map(name => page.locator(name).boundingBox()),
    );
    expect(heat).toEqual(seen);
    expect(seen!.width).toBeCloseTo(seen!.height, 0);
    expect(seen!.height).toBeCloseTo(image!.height, 0);
    expect(seen!.x + seen!.width / 2).toBeCloseTo(image!.x + image!.width / 2, 0);
    expect(seen!.width).toBeLessThan(0.8 * image!.width);
    await captionFile(studio, picture('pig-face'));
    expect(await page.locator('.seen').count()).toBe(0);
  });

  test('a caption is copied, and saved with its picture as a card', async () => {
    await studio.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    expect(await shown(page)).toMatch(/^blob:/);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('pig face');
    const card = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a card' }).click();
    const bytes = await readFile(await (await card).path());
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([800, 1000]);
  });

  async function saved(button: string): Promise<string> {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    return readFile(await (await download).path(), 'utf8');
  }
});
