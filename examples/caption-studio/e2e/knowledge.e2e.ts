import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addLessons,
  captionFile,
  chooseTab,
  launch,
  open,
  picture,
  ready,
  type Studio,
  setSteps,
  train,
  trained,
} from './studio';

describe('what the model knows while it is taught', () => {
  let browser: Browser;
  let studio: Studio;
  beforeAll(async () => {
    browser = await launch();
    studio = await open(browser, { query: '?backend=wasm' });
    await ready(studio);
  });
  afterAll(async () => {
    expect(studio.errors).toEqual([]);
    await browser.close();
  });
  const summary = () => studio.page.locator('.knowledge .now').textContent();

  test('is shown before, on the way and at the end, with the pictures, and after a reload', async () => {
    const { page } = studio;
    await addLessons(page, { 'pig-face': 'my pig', peanuts: 'my nuts' });
    await setSteps(page, 40);
    await train(page);
    await expect.poll(summary).toBe('Learned 0 of 2, still knows 25 of 25');
    await trained(page);
    const end = await summary();
    expect(end).toMatch(/^Learned 2 of 2, still knows (2[0-5]) of 25$/);
    expect(await page.locator('.knowledge li').count()).toBe(25);
    await page.reload();
    await ready(studio);
    await chooseTab(page, 'Teach');
    await expect.poll(summary).toBe(end);
  });

  test('all of it comes back when the training is undone, and the lessons stay', async () => {
    const { page } = studio;
    await page.getByRole('button', { name: 'Undo this training' }).click();
    await expect.poll(() => page.locator('.state').textContent()).toBe('Not trained yet');
    expect(await page.locator('.knowledge').count()).toBe(0);
    expect(await page.locator('.lesson-list li').count()).toBe(2);
    await chooseTab(page, 'Caption');
    expect(await captionFile(studio, picture('pig-face'))).toBe('pig face');
  });
});
