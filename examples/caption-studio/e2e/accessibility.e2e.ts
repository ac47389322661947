import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from './axe';
import {
  addLessons,
  chooseTab,
  launch,
  open,
  picture,
  ready,
  type Studio,
  setSteps,
  smallCheckpoint,
  train,
  trained,
} from './studio';

describe('for everyone', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test.each(['light', 'dark'] as const)('axe finds nothing in any view: %s', async colorScheme => {
    const studio = await open(browser, { colorScheme, reducedMotion: 'reduce' });
    const { page } = studio;
    await ready(studio);
    await page.locator('.word').first().focus();
    expect(await violations(page)).toEqual([]);

    await addLessons(page, { 'pig-face': 'my pig', pisces: 'my sign' }, ['pisces']);
    expect(await violations(page)).toEqual([]);
    await setSteps(page, 3);
    await train(page);
    await trained(page);
    expect(await violations(page)).toEqual([]);

    await chooseTab(page, 'Model');
    await page.getByLabel('Open a zip').setInputFiles({
      ...{ name: 'small.zip', mimeType: 'application/zip' },
      buffer: await smallCheckpoint(),
    });
    await page.getByRole('button', { name: 'Load this model' }).waitFor();
    expect(await violations(page)).toEqual([]);

    await chooseTab(page, 'About');
    await page.getByText(/MB in \d+ tensors/).waitFor();
    expect(await violations(page)).toEqual([]);
    await showError(studio);
    expect(await violations(page)).toEqual([]);
    await studio.context.close();
  });

  test('every view can be reached and used with the keyboard alone', async () => {
    const studio = await open(browser);
    const { page } = studio;
    await ready(studio);
    await page.getByRole('tab', { name: 'Caption' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe('Teach');
    expect(await page.getByRole('tabpanel').getAttribute('aria-labelledby')).toBe('tab-teach');
    await page.keyboard.press('End');
    expect(await focused(page)).toBe('About');
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe('Caption');
    // One stop for the row of tabs, then the theme's switch, then the view.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Dark theme');
    const before = await page.evaluate(() => document.documentElement.dataset.theme);
    await page.keyboard.press('Space');
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).not.toBe(before);
    // A sample, chosen with Enter, is captioned.
    const sample = page.getByRole('button', { name: 'yellow heart', exact: true });
    await sample.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => sample.getAttribute('aria-pressed')).toBe('true');
    await page.locator('.word').first().waitFor();
    await studio.context.close();
  });

  test('on a phone Train is in view whatever the number of lessons, and there is no empty space to scroll into', async () => {
    const studio = await open(browser, {
      viewport: { width: 360, height: 780 },
      isMobile: true,
      hasTouch: true,
    });
    const { page } = studio;
    await ready(studio);
    await chooseTab(page, 'Teach');
    const names = ['pig-face', 'pisces', 'peanuts', 'yellow-heart', 'telephone-receiver'];
    await page.getByLabel('Add pictures').setInputFiles([...names, ...names, ...names].map(picture));
    await expect.poll(() => page.locator('.lesson-list li').count()).toBe(15);
    const button = page.getByRole('button', { name: 'Train', exact: true });
    for (const y of [0, 400, 1e6]) {
      await page.evaluate(y => scrollTo(0, y), y);
      const { y: top, height } = (await button.boundingBox())!;
      expect(top).toBeGreaterThan(0);
      expect(top + height).toBeLessThanOrEqual(780);
    }
    // The page ends with its footer, above the bar of Train.
    const below = await page.evaluate(() => {
      const footer = document.querySelector('.bottom')!.getBoundingClientRect().bottom + scrollY;
      return document.documentElement.scrollHeight - footer;
    });
    expect(below).toBeLessThan(100);
    await studio.context.close();
  });

  test('in colours of the system the tab that is chosen, and what a bar says, can still be seen', async () => {
    const studio = await open(browser, { forcedColors: 'active', reducedMotion: 'reduce' });
    const { page } = studio;
    await ready(studio);
    const colour = (name: string) =>
      page.getByRole('tab', { name }).evaluate(tab => getComputedStyle(tab).backgroundColor);
    expect(await colour('Caption')).not.toBe(await colour('Teach'));
    const bar = page.locator('.candidates .bar').first();
    const [track, fill] = await bar.evaluate(bar => [
      getComputedStyle(bar).backgroundColor,
      getComputedStyle(bar.firstElementChild!).backgroundColor,
    ]);
    expect(fill).not.toBe(track);
    expect(await bar.evaluate(bar => getComputedStyle(bar).borderTopStyle)).toBe('solid');
    await studio.context.close();
  });

  test.each([360, 768, 1440])('nothing is cut off at a width of %i pixels', async width => {
    const studio = await open(browser, { viewport: { width, height: 800 } });
    const { page } = studio;
    await ready(studio);
    for (const name of ['Caption', 'Teach', 'Model', 'About']) {
      await chooseTab(page, name);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await studio.context.close();
  });
});

async function showError({ page }: Studio): Promise<void> {
  await chooseTab(page, 'Caption');
  await page
    .getByLabel('Choose a picture')
    .setInputFiles({ name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('text') });
  await page.locator('.notice.error').waitFor();
}

async function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.textContent);
}
