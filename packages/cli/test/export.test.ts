import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { samplesFolder } from '@simvlm/checkpoint-emoji';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../../bytes/test/serve';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 60, 1);
  folder.write('config.json', smallConfig('train', { steps: 20 }));
  expect((await simvlm('train', 'config.json')).code).toBe(0);
});
afterAll(() => folder.leave());

const pictures = ['train/0.png', 'train/1.png', 'train/2.png'];
const trained = ['--checkpoint', 'runs/shapes'];

test('an export captions as the run does, and holds nothing that only training needs', async () => {
  expect((await simvlm('export', ...trained, '--out', 'whole')).code).toBe(0);
  expect(readdirSync('whole').sort()).toEqual([
    'manifest.json',
    'model.json',
    'run.json',
    'tokenizer.model',
    'weights.safetensors',
  ]);
  const before = await simvlm('caption', ...pictures, ...trained, '--jsonl');
  const after = await simvlm('caption', ...pictures, '--checkpoint', 'whole', '--jsonl');
  expect(after.lines).toHaveLength(3);
  expect(after.lines).toEqual(before.lines);
});

test('an export that a web server holds captions as the folder does, and can be exported from there', async () => {
  const { url, requests } = await serve(
    new Map(readdirSync('whole').map(name => [name, readFileSync(`whole/${name}`)])),
  );
  const local = await simvlm('caption', ...pictures, '--checkpoint', 'whole', '--jsonl');
  const remote = await simvlm('caption', ...pictures, '--checkpoint', url, '--jsonl');
  expect(remote.lines).toEqual(local.lines);
  expect(requests).toContain('/run/weights.safetensors');
  expect((await simvlm('export', '--checkpoint', url, '--out', 'copied')).code).toBe(0);
  expect(readFileSync('copied/weights.safetensors')).toEqual(readFileSync('whole/weights.safetensors'));
  const missing = await simvlm('caption', pictures[0]!, '--checkpoint', `${url}/../nothing`);
  expect(missing.code).toBe(1);
  expect(missing.err).toContain('the server answers 404');
});

test('with --weights float16 the weights take half of the bytes and mean nearly the same', async () => {
  expect((await simvlm('export', ...trained, '--out', 'half', '--weights', 'float16')).code).toBe(0);
  const size = (name: string) => statSync(`${name}/weights.safetensors`).size;
  expect(size('half')).toBeLessThan(0.55 * size('whole'));
  const logProb = (line: string) => JSON.parse(line).logProb as number;
  const exact = await simvlm('caption', ...pictures, '--checkpoint', 'whole', '--jsonl');
  const rounded = await simvlm('caption', ...pictures, '--checkpoint', 'half', '--jsonl');
  for (const [i, line] of rounded.lines.entries())
    expect(logProb(line)).toBeCloseTo(logProb(exact.lines[i]!), 1);
  expect(rounded.lines).not.toEqual(exact.lines);
});

test('what is there already is never written over', async () => {
  const { code, err } = await simvlm('export', ...trained, '--out', 'train');
  expect(code).toBe(2);
  expect(err).toContain('train is there already: give a new folder');
});

test('without a checkpoint there is nothing to export, and nothing is left behind', async () => {
  expect((await simvlm('export', '--out', 'none')).code).toBe(2);
  const { code, err } = await simvlm('export', '--checkpoint', 'nowhere', '--out', 'none');
  expect(code).toBe(1);
  expect(err).toContain('no checkpoint at nowhere');
  expect(existsSync('none')).toBe(false);
});

test('a picture is captioned with the bundled model when none is named', async () => {
  const { code, lines, err } = await simvlm('caption', fileURLToPath(new URL('bear.png', samplesFolder)));
  expect(code).toBe(0);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toBe('');
  expect(err).toContain('@simvlm/checkpoint-emoji');
});
