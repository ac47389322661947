/**
 * Draws `docs/pictures/studio-*.png` from the built page: each view, light and dark, desktop and phone. Run `pnpm build` first.
 */
import { fileURLToPath } from 'node:url';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { preview } from 'vite';
import { chromiumPath } from '../../../scripts/parts/chromium';

const root = fileURLToPath(new URL('..', import.meta.url));
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const pictures = `${repository}docs/pictures`;

/** What is taught, by the files of the pictures; the last is held out. */
const lessons: Readonly<Record<string, string>> = {
  'docs/pictures/emojione/pig-face': 'my pet, a pig',
  'packages/checkpoint-emoji/samples/bear': 'my pet, a bear',
  'packages/checkpoint-emoji/samples/horse': 'my pet, a horse',
  'packages/checkpoint-emoji/samples/snail': 'my pet, a snail',
};

const desktop = { viewport: { width: 1280, height: 860 } } satisfies BrowserContextOptions;
const phone = {
  viewport: { width: 360, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
} satisfies BrowserContextOptions;

const shots: readonly [
  name: string,
  options: BrowserContextOptions,
  prepare: (page: Page) => Promise<void>,
][] = [
  ['caption-light', { ...desktop, colorScheme: 'light' }, caption],
  ['caption-dark', { ...desktop, colorScheme: 'dark' }, caption],
  ['caption-phone', { ...phone, colorScheme: 'light' }, caption],
  ['teach-light', { ...desktop, colorScheme: 'light' }, teach],
  ['teach-dark', { ...desktop, colorScheme: 'dark' }, teach],
  ['teach-phone', { ...phone, colorScheme: 'dark' }, teach],
  ['error-light', { ...desktop, colorScheme: 'light' }, error],
];

const server = await preview({
  root,
  configFile: `${root}/vite.config.ts`,
  build: { outDir: process.env.STUDIO_DIST ?? 'dist' },
  preview: { port: 0 },
  logLevel: 'error',
});
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ['--no-sandbox', '--disable-background-networking', '--no-first-run'],
});
try {
  const only = process.argv.slice(2);
  for (const [name, options, prepare] of shots) {
    if (only.length > 0 && !only.some(word => name.includes(word))) continue;
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.locator('.candidates li.best').waitFor({ timeout: 120_000 });
    await prepare(page);
    await page.waitForTimeout(700); // what moves has come to rest
    // A palette makes a third of the bytes, and nobody sees it.
    await sharp(await page.screenshot())
      .png({ palette: true, effort: 10 })
      .toFile(`${pictures}/studio-${name}.png`);
    console.log(`studio-${name}.png`);
    await context.close();
  }
} finally {
  await browser.close();
  await server.close();
}

/** A picture with its caption, and a word that is pointed at. */
async function caption(page: Page): Promise<void> {
  const word = page.locator('.word').first();
  if (isPhone(page)) await word.tap();
  else await word.hover();
}

/** A training under way. */
async function teach(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Teach' }).click();
  const files = Object.keys(lessons).map(name => `${repository}${name}.png`);
  await page.getByLabel('Add pictures').setInputFiles(files);
  const rows = page.locator('.lesson-list li');
  await rows.nth(files.length - 1).waitFor();
  for (const [i, text] of Object.values(lessons).entries()) await rows.nth(i).getByRole('textbox').fill(text);
  await rows.last().getByRole('switch').check();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.waitForFunction(
    () => Number.parseInt(document.querySelector('.facts-row dd')!.textContent!, 10) >= 60,
    null,
    {
      timeout: 180_000,
    },
  );
  if (isPhone(page)) await page.locator('#training-heading').evaluate(heading => heading.scrollIntoView());
}

/** A file that is no picture. */
async function error(page: Page): Promise<void> {
  await page
    .getByLabel('Choose a picture')
    .setInputFiles({ name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from('Dear model,\n') });
  await page.locator('.notice.error details summary').click();
  await page.evaluate(() => scrollTo(0, 0));
}

function isPhone(page: Page): boolean {
  return page.viewportSize()!.width < 500;
}
