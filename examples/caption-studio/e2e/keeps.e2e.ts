import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { violations } from './axe';
import {
  addLessons,
  captionFile,
  chooseTab,
  picture,
  ready,
  type Studio,
  setSteps,
  train,
  trained,
} from './studio';
import { visits } from './visits';

describe('nothing is lost', () => {
  const { visit } = visits({ query: '?backend=wasm', reducedMotion: 'reduce' });

  test('lessons that were never taught survive a reload, and each removal can be taken back', async () => {
    const studio = await visit();
    const { page } = studio;
    await addLessons(page, { 'pig-face': 'my pig', pisces: 'my sign', peanuts: 'my nuts' }, ['pisces']);
    await setSteps(page, 7);
    await page.reload();
    await ready(studio);
    await chooseTab(page, 'Teach');
    await expect.poll(() => taught(page)).toEqual(['my pig', 'my sign', 'my nuts']);
    const heldOut = page.locator('.lesson-list').getByRole('switch');
    expect(await heldOut.nth(1).isChecked()).toBe(true);
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('7');

    await page.getByRole('button', { name: /^Remove picture 2,/ }).click();
    await page.getByRole('button', { name: 'Remove all' }).click();
    expect(await taught(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Bring back' }).click();
    expect(await taught(page)).toEqual(['my pig', 'my nuts']);
    await page.getByRole('button', { name: 'Bring back' }).click();
    expect(await taught(page)).toEqual(['my pig', 'my sign', 'my nuts']);
    await page.reload();
    await ready(studio);
    await chooseTab(page, 'Teach');
    await expect.poll(() => taught(page)).toEqual(['my pig', 'my sign', 'my nuts']);
  });

  test('every model has a way back: the one before, forth again, and the bundled one', async () => {
    const { page } = await visit();
    await teachPig(page);
    expect(await captionOfPig(page)).toBe('my pig');
    await press(page, 'Undo this training');
    expect(await captionOfPig(page)).toBe('pig face');
    await press(page, 'Back to the taught model');
    await trained(page, /^Done at step 30/);
    expect(await captionOfPig(page)).toBe('my pig');
  });

  test('leaving asks while a training runs, which goes on from its checkpoint, and asks at no other time', async () => {
    const studio = await visit();
    const { page } = studio;
    const asked: string[] = [];
    page.on('dialog', dialog => {
      asked.push(dialog.type());
      void dialog.accept();
    });
    await addLessons(page, { 'pig-face': 'my pig' });
    await page.reload();
    await ready(studio);
    expect(asked).toEqual([]);
    await chooseTab(page, 'Teach');
    await setSteps(page, 5_000);
    await train(page);
    // A checkpoint is written every ten seconds.
    await expect.poll(() => stepNow(page)).toBeGreaterThan(0);
    await expect.poll(() => page.evaluate(isSaved), { interval: 500 }).toBe(true);
    await page.reload();
    expect(asked).toEqual(['beforeunload']);
    await ready(studio);
    await page.getByText(/^Your training was saved at step \d+ of 5000$/).waitFor();
    await chooseTab(page, 'Teach');
    const step = await stepNow(page);
    await page.getByRole('button', { name: 'Resume' }).last().click();
    await expect.poll(() => stepNow(page)).toBeGreaterThan(step);
    await page.getByRole('button', { name: 'Pause' }).click();
    await trained(page, /^Paused/);
  });

  test('leaving asks where the browser could not keep the lessons, and it is said', async () => {
    const { page } = await visit();
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    });
    await addLessons(page, { 'pig-face': 'my pig' });
    await page.getByText('There is no room to keep the lessons').waitFor();
    const dialog = page.waitForEvent('dialog');
    // Which the visitor then decides against.
    void page.reload().catch(() => {});
    expect((await dialog).type()).toBe('beforeunload');
    await (await dialog).dismiss();
    expect(await taught(page)).toEqual(['my pig']);
  });

  test('of two tabs the second reads, and takes over when it is told: with lessons, and a training that was running', async () => {
    const { page, context } = await visit();
    await addLessons(page, { 'pig-face': 'my pig' });
    await setSteps(page, 5_000);
    const second = await context.newPage();
    await second.goto(page.url());
    await ready({ page: second } as Studio);
    const here = second.getByRole('button', { name: 'Use it here' });
    await here.waitFor();
    await chooseTab(second, 'Teach');
    expect(await taught(second)).toEqual(['my pig']);
    expect(await second.locator('.lesson-list').getByRole('textbox').isDisabled()).toBe(true);
    expect(await second.getByRole('button', { name: 'Train' }).isDisabled()).toBe(true);
    expect(await violations(second)).toEqual([]);

    await train(page);
    await expect.poll(() => stepNow(page)).toBeGreaterThan(2);
    await here.click();
    await expect.poll(() => here.count()).toBe(0);
    await trained(second, /^Paused at step \d+ of 5,000/);
    expect(await second.getByRole('button', { name: 'Resume' }).last().isEnabled()).toBe(true);
    // The first one reads from now on.
    await page.getByRole('button', { name: 'Use it here' }).waitFor();
    expect(await page.getByRole('button', { name: /^(Train|Resume)$/ }).isDisabled()).toBe(true);
    // Closed, it leaves the first one alone, which goes on when it comes to the front.
    await second.close();
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await expect.poll(() => page.getByRole('button', { name: 'Use it here' }).count()).toBe(0);
    await expect.poll(() => page.getByRole('button', { name: 'Resume' }).last().isEnabled()).toBe(true);
  });
});

async function teachPig(page: Page): Promise<void> {
  await addLessons(page, { 'pig-face': 'my pig' });
  await setSteps(page, 30);
  await train(page);
  await trained(page);
}

async function captionOfPig(page: Page): Promise<string> {
  await chooseTab(page, 'Caption');
  const text = await captionFile({ page } as Studio, picture('pig-face'));
  await chooseTab(page, 'Teach');
  return text;
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click();
}

/** The captions of all lessons. */
function taught(page: Page): Promise<string[]> {
  return page
    .locator('.lesson-list')
    .getByRole('textbox')
    .evaluateAll(all => all.map(field => (field as HTMLInputElement).value));
}

async function stepNow(page: Page): Promise<number> {
  const text = (await page.locator('.facts-row dd').first().textContent())!;
  return Number.parseInt(text.replaceAll(',', ''), 10) || 0;
}

/** Runs in the page: whether a checkpoint of a step is whole. */
async function isSaved(): Promise<boolean> {
  // The DOM types of TypeScript have no iteration of folders yet.
  type Folder = FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };
  const root = await navigator.storage.getDirectory();
  const studio = await root.getDirectoryHandle('caption-studio');
  const checkpoints = (await studio.getDirectoryHandle('checkpoints')) as Folder;
  for await (const name of checkpoints.keys()) {
    if (name.endsWith('-step-0')) continue;
    const folder = (await checkpoints.getDirectoryHandle(name)) as Folder;
    for await (const file of folder.keys()) if (file === 'manifest.json') return true;
  }
  return false;
}
