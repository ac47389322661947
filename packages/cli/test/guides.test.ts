import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pickBackend } from '@simvlm/runtime';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { captionFolder } from '../../../examples/caption-folder/src/caption-folder';
import { writeAlbum } from '../../../examples/photo-album/src/album';
import { startHub } from '../../pretrained/test/hub/local-hub';
import { configs, filesOf } from '../../pretrained/test/small-folder';
import { simvlm, workingFolder } from './fixture';
import { codeBlocks, pageCommands, readPage } from './page-commands';
import { photoFolder } from './twelve-photos';

// The guides go on from one another, and so do these tests.

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'photo', 'of', 'my', 'cat', 'coffee', 'motorbike'];
const example = (file: string) => fileURLToPath(new URL(`../../../examples/${file}`, import.meta.url));

let folder: ReturnType<typeof workingFolder>;
let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  folder = workingFolder();
  hub = await startHub();
  const config = { ...configs.git, vocab_size: words.length, max_position_embeddings: 40 };
  const vocabulary = new TextEncoder().encode(`${words.join('\n')}\n`);
  const files = new Map([...filesOf(config), ['vocab.txt', vocabulary] as const]);
  hub.push({ name: 'microsoft/git-base-coco', files });
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', join(folder.path, 'cache'));
  await photoFolder('photos', 4, 1);
  await photoFolder('held-out', 1, 2);
  copyFileSync(example('plugin-last-word/last-word.mjs'), 'last-word.mjs');
  await pickBackend({ prefer: 'wasm' });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  folder.leave();
});

/** Runs the commands of a page and gives what each printed; trainings take the steps that are enough for these pictures. */
async function follow(page: string, steps: number): Promise<Map<string, string>> {
  const printed = new Map<string, string>();
  for (const command of pageCommands(readPage(page))) {
    const { code, out, err } = await simvlm(
      ...command,
      ...(command[0] === 'finetune' ? ['--set', `steps=${steps}`] : []),
    );
    expect(code, `${command.join(' ')}\n${err}`).toBe(0);
    printed.set(command.join(' '), out);
  }
  return printed;
}

/** Runs a program beside this test, so that its imports lead to the sources. */
async function runProgram(code: string): Promise<void> {
  const file = fileURLToPath(new URL(`${programs++}.made.ts`, import.meta.url));
  writeFileSync(file, code);
  try {
    await import(/* @vite-ignore */ file);
  } finally {
    rmSync(file);
  }
}
let programs = 0;

test('photos: twelve pictures are learnt, and pictures that were held out are named', async () => {
  const printed = await follow('guides/photos.md', 25);
  expect(printed.get('eval held-out --checkpoint runs/mine')).toContain('exactMatch  1.000');
  expect(printed.get('caption held-out/cat-1.jpg --checkpoint runs/mine')).toBe('my cat\n');
});

test('photos: the album shows every picture with its caption', async () => {
  const file = await writeAlbum('held-out', 'runs/mine');
  const figures = readFileSync(file, 'utf8').match(/<figure>.*<\/figure>/g)!;
  expect(figures).toHaveLength(3);
  expect(figures[2]).toMatch(/src="motorbike-1.jpg".*<figcaption>my motorbike</);
});

test('node: the program captions, scores, and an error says its code', async () => {
  const said: string[] = [];
  for (const method of ['log', 'error'] as const)
    vi.spyOn(console, method).mockImplementation(line => void said.push(String(line)));
  // The guide is one program.
  await runProgram(codeBlocks(readPage('guides/node.md').split('## A folder')[0]!, 'ts').join('\n'));
  vi.restoreAllMocks();
  const [backend, caption, cat, coffee, error] = said;
  expect(backend).toContain('computing on ');
  expect(caption).toBe('my cat');
  const nats = (line: string | undefined) => Number(/: (-\d+\.\d+) nats a token$/.exec(line!)![1]);
  expect(nats(cat)).toBeGreaterThan(nats(coffee));
  expect(error).toMatch(/^CHECKPOINT_\w+: /);
});

test('node: a folder captions itself, pictures that come later and half-written ones too', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  mkdirSync('inbox');
  copyFileSync('held-out/cat-1.jpg', 'inbox/cat.jpg');
  const stop = new AbortController();
  const done = captionFolder('inbox', 'runs/mine', stop.signal);
  // A file is there a moment before its contents are.
  const caption = (name: string) =>
    vi.waitFor(() => {
      const text = readFileSync(`inbox/${name}.txt`, 'utf8');
      expect(text).not.toBe('');
      return text;
    }, 60_000);
  expect(await caption('cat.jpg')).toBe('my cat\n');
  const bytes = readFileSync('held-out/coffee-1.jpg');
  writeFileSync('inbox/coffee.jpg', bytes.subarray(0, 200));
  await vi.waitFor(() => expect(warned).toHaveBeenCalled(), 60_000);
  writeFileSync('inbox/coffee.jpg', bytes);
  expect(await caption('coffee.jpg')).toBe('my coffee\n');
  stop.abort();
  await done;
  vi.restoreAllMocks();
});

test('the program of docs/evaluation.md measures the model', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  await runProgram(codeBlocks(readPage('evaluation.md'), 'ts')[0]!);
  expect(JSON.stringify(said.mock.lastCall)).toContain('ciderD');
  vi.restoreAllMocks();
});

test('plug-in: the last word is measured, and chooses the best checkpoint', async () => {
  const printed = await follow('guides/plugin.md', 5);
  const [[, measured] = []] = printed;
  expect(measured).toMatch(/^accuracy +1$/m);
});

test('page: the model that it loads is exported', async () => {
  const [out] = await follow('guides/page.md', 0);
  expect(out![0]).toContain('--weights int8');
  expect(JSON.parse(readFileSync('public/model/model.json', 'utf8')).weights).toEqual({ bits: 8 });
});
