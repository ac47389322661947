import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configs, filesOf } from '../../pretrained/test/small-folder';
import { simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(() => {
  folder = workingFolder();
  mkdirSync('theirs');
  for (const [name, bytes] of filesOf(configs.blip)) writeFileSync(`theirs/${name}`, bytes);
});
afterAll(() => folder.leave());

test('an import says what it is, and makes a checkpoint', async () => {
  const { code, err } = await simvlm('import', 'theirs', '--out', 'mine');
  expect(err).toMatch(
    /BLIP, [\d,]+ parameters, pictures of 16 × 16 pixels, licence mit\n[\d.]+ KiB in mine, \d+\.\d s/,
  );
  expect(code).toBe(0);
  expect(readdirSync('mine').sort()).toEqual([
    ...['manifest.json', 'model.json', 'source.json', 'tokenizer.json', 'tokenizer_config.json'],
    'weights.safetensors',
  ]);
});

test('--json prints the same for programs', async () => {
  const { lines } = await simvlm('import', 'theirs', '--out', 'half', '--weights', 'float16', '--json');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...{ family: 'BLIP', license: 'mit', imageSize: 16, skipped: [], out: 'half' },
    ...{ parameters: expect.any(Number), bytes: expect.any(Number), seconds: expect.any(Number) },
  });
});

test('a folder that is no model, or whose place is taken, is one line, and nothing is left', async () => {
  mkdirSync('empty');
  const wrong = await simvlm('import', 'empty', '--out', 'none');
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/empty is no folder of a model: it has no config\.json/);
  expect(readdirSync('.')).not.toContain('none');
  const taken = await simvlm('import', 'theirs', '--out', 'theirs');
  expect(taken.code).toBe(2);
  expect(taken.err).toMatch(/theirs is there already/);
});

test('export --format hf gives a folder of theirs back', async () => {
  const { code } = await simvlm('export', '--checkpoint', 'mine', '--out', 'back', '--format', 'hf');
  expect(code).toBe(0);
  expect(readdirSync('back')).toEqual(expect.arrayContaining(['config.json', 'model.safetensors']));
  expect(JSON.parse(readFileSync('back/config.json', 'utf8'))).toMatchObject(configs.blip);
});
