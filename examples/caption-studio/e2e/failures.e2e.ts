import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  addLessons,
  captionFile,
  chooseTab,
  expectNotice,
  picture,
  ready,
  type Studio,
  setSteps,
  shipped,
  smallCheckpoint,
  takeZip,
  train,
  trained,
} from './studio';
import { visits } from './visits';

/** A PNG whose header claims a size and which holds nothing else. */
function emptyPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

describe('what goes wrong is said, with what to do, and the page still works', () => {
  const { visit, begin } = visits();

  test('a broken picture, one of 200 megapixels, and a text that is named .png', async () => {
    const visited = await visit();
    const { page } = visited;
    const whole = await readFile(picture('peanuts'));
    const shownBefore = await page.locator('.mount img').getAttribute('src');
    for (const [name, buffer, title] of [
      ['broken.png', whole.subarray(0, whole.length / 2), /broken/],
      ['huge.png', emptyPng(20_000, 10_000), /too large/],
      ['text.png', Buffer.from('This is a text.\n'), /text\.png is not a picture/],
    ] as const) {
      await page.getByLabel('Choose a picture').setInputFiles({ name, mimeType: 'image/png', buffer });
      await expectNotice(visited.page, title);
      // The picture before is still there, with its caption.
      expect(await page.locator('.mount img').getAttribute('src')).toBe(shownBefore);
      expect(await page.locator('.word').count()).toBeGreaterThan(0);
      await page.getByRole('button', { name: 'Dismiss this message' }).click();
    }
    expect(await captionFile(visited, picture('yellow-heart'))).not.toBe('');
  });

  test('one broken picture among the lessons costs that one alone', async () => {
    const visited = await visit();
    const { page } = visited;
    await chooseTab(page, 'Teach');
    await page.getByLabel('Add pictures').setInputFiles([
      { name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('text') },
      { name: 'heart.png', mimeType: 'image/png', buffer: await readFile(picture('yellow-heart')) },
    ]);
    await expectNotice(visited.page, /^1 picture added, 1 left out$/);
    expect(await page.locator('.notice code').textContent()).toBe('text.png is not a picture');
    expect(await page.locator('.lesson-list li').count()).toBe(1);
  });

  test('a folder whose captions.jsonl has a bad line', async () => {
    const visited = await visit();
    const { page } = visited;
    await chooseTab(page, 'Teach');
    const folder = await mkdtemp(join(tmpdir(), 'studio-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'captions.jsonl'), '{"image": "a.png", "text": "a"}\nnonsense\n');
    await page.getByLabel('Add a folder').setInputFiles(folder);
    await expectNotice(visited.page, /Line 2 of captions\.jsonl/);
  });

  test('a checkpoint of another configuration, one that is cut off, no archive at all, and a zip bomb', async () => {
    const visited = await visit();
    const { page } = visited;
    await chooseTab(page, 'Model');
    const names = ['model.json', 'run.json', 'tokenizer.model', 'weights.safetensors'];
    const files = Object.fromEntries(
      await Promise.all(
        names.map(async name => [name, new Uint8Array(await readFile(`${shipped}/${name}`))]),
      ),
    ) as Record<string, Uint8Array>;
    const config = JSON.parse(new TextDecoder().decode(files['model.json']));
    const wider = new TextEncoder().encode(JSON.stringify({ ...config, width: 2 * config.width }));
    for (const [buffer, title] of [
      [zipSync({ ...files, 'model.json': wider }, { level: 0 }), /do not belong together|of another/],
      [
        zipSync({ ...files, 'weights.safetensors': files['weights.safetensors']!.subarray(0, 10_000) }),
        /damaged/,
      ],
      [new TextEncoder().encode('no archive'), /not a zip archive/],
      [zipSync({ 'weights.safetensors': new Uint8Array(1e8) }, { level: 1 }), /far more than it holds/],
    ] as const) {
      await page.getByLabel('Open a zip').setInputFiles({
        name: 'checkpoint.zip',
        mimeType: 'application/zip',
        buffer: Buffer.from(buffer),
      });
      await expectNotice(visited.page, title);
      await page.getByRole('button', { name: 'Dismiss this message' }).click();
    }
    await chooseTab(page, 'Caption');
    expect(await captionFile(visited, picture('yellow-heart'))).not.toBe('');
  });

  test('a GPU that is lost while it trains: the training goes on from its checkpoint', async () => {
    // With a small model, brought along before: on the processor, WebGPU compiles a shader of each shape, twice here.
    const visited = await visit();
    const { page } = visited;
    await takeZip(page, { name: 'small.zip', mimeType: 'application/zip', buffer: await smallCheckpoint() });
    await page.goto(new URL('?backend=webgpu&software=1', page.url()).href);
    await ready(visited);
    await addLessons(page, { 'pig-face': 'my pig' });
    await setSteps(page, 3);
    await page.locator('.settings').getByLabel('Pictures a step').fill('1');
    await page.locator('.settings').getByLabel('Pictures a step').blur();
    await train(page);
    // The first step compiles its shaders now.
    await trained(page, /^Learning/);
    expect(await page.evaluate(() => globalThis.studio.loseDevice())).toBe(true);
    await expectNotice(page, /graphics card was lost/);
    await trained(page, /^Stopped by a failure/);
    await train(page);
    await trained(page);
    await chooseTab(page, 'Caption');
    expect(await captionFile(visited, picture('yellow-heart'))).not.toBe('');
  });

  test('no storage: it is said, and teaching works', async () => {
    const visited = await visit({
      workerPrelude:
        "StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('denied', 'SecurityError'))",
    });
    await expectNotice(visited.page, /keeps nothing/);
    await teachABit(visited);
  });

  test('a full storage: it is said, and the training goes on', async () => {
    const visited = await visit({
      workerPrelude:
        "FileSystemFileHandle.prototype.createWritable = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))",
    });
    await teachABit(visited);
    await expectNotice(visited.page, /no room/);
  });

  test('weights that do not come: it is said, and a second try works', async () => {
    const opened = await begin({ serviceWorkers: 'block' });
    const { page, context } = opened;
    await context.route('**/*.safetensors', route => route.abort());
    await page.reload();
    await expectNotice(opened.page, /could not be loaded/);
    await context.unroute('**/*.safetensors');
    await page.getByRole('button', { name: 'Try again' }).click();
    await ready(opened);
  });
});

async function teachABit({ page }: Studio): Promise<void> {
  await addLessons(page, { 'pig-face': 'my pig' });
  await setSteps(page, 4);
  await train(page);
  await trained(page);
}
