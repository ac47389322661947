import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addLessons, launch, open, ready, setSteps, train, trained } from './studio';

/** On wasm: a step of software WebGPU takes seconds. The backends' own tests hold each of them to a constant count. */
describe('memory', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test('is the same after 200 more steps of training', async () => {
    const studio = await open(browser, { query: '?backend=wasm' });
    const { page } = studio;
    await ready(studio);
    await addLessons(page, { 'pig-face': 'my pig', 'yellow-heart': 'my heart', peanuts: 'my nuts' }, [
      'peanuts',
    ]);
    const settings = page.locator('.settings');
    await setSteps(page, 5);
    await settings.getByLabel('Pictures a step').fill('2');
    await settings.getByLabel('Pictures a step').blur();
    await train(page);
    await trained(page);
    const before = await page.evaluate(() => globalThis.studio.memory());
    expect(before.tensors).toBeGreaterThan(0);

    await setSteps(page, 205);
    await train(page);
    await trained(page, /^Done at step 205/);
    expect(await page.evaluate(() => globalThis.studio.memory())).toEqual(before);
  });
});
