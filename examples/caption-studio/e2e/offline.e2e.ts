import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captionFile, launch, open, picture, ready } from './studio';

describe('without a network', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test('the page comes up and captions, once it was there', async () => {
    const studio = await open(browser);
    await ready(studio);
    await studio.page.evaluate(() => navigator.serviceWorker.ready);
    const before = await captionFile(studio, picture('pig-face'));

    await studio.context.setOffline(true);
    await studio.page.reload();
    await ready(studio);
    expect(await captionFile(studio, picture('pig-face'))).toBe(before);
    // Threads need the headers, which the service worker gives out with the page.
    expect(await studio.page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await studio.page.locator('.notice').count()).toBe(0);
  });

  test('what the weights weigh is told while they come', async () => {
    const studio = await open(browser, { serviceWorkers: 'block' });
    const labels: string[] = [];
    await studio.page.exposeFunction('told', (label: string) => labels.push(label));
    await studio.page.addInitScript(() => {
      addEventListener('DOMContentLoaded', () => {
        new MutationObserver(() => {
          const label = document.querySelector('label[for=start-progress]')?.textContent;
          if (label) (globalThis as unknown as { told(label: string): void }).told(label);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
    });
    await studio.page.evaluate(() => caches.delete('studio-loaded'));
    await studio.page.reload();
    await ready(studio);
    expect(labels.some(label => /^Loading the model · [\d.]+ MB of [\d.]+ MB$/.test(label))).toBe(true);
    expect(await studio.page.locator('#start-progress').count()).toBe(0);
  });
});
