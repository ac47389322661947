import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(() => {
  folder = workingFolder();
  for (const [name, text] of [
    ['words', 'only words here'],
    ['others', 'Köln 日本, only words'],
  ]) {
    mkdirSync(name!);
    writeFileSync(`${name}/captions.jsonl`, `${JSON.stringify({ text })}\n`);
  }
  const change = { name: 'words', steps: 2, batch: { imageText: 0, textOnly: 4 } };
  folder.write('words.json', smallConfig('words', change));
});
afterAll(() => folder.leave());

it('trains on text alone', async () => {
  const { code, err } = await simvlm('train', 'words.json', '--backend', 'wasm');
  expect(err).toContain('0 pictures, 1 document,');
  expect(err).toContain('unknown letters (<unk>): 0 % of the document tokens\n');
  expect(code).toBe(0);
});

it('says with --init, before the first step, which letters the tokenizer of that run does not know', async () => {
  const other = ['--set', 'name=others', '--set', 'data.train=others'];
  const { code, err } = await simvlm(
    'train',
    'words.json',
    ...other,
    '--init',
    'runs/words',
    '--backend',
    'wasm',
  );
  expect(err).toMatch(/warning unknown letters \(<unk>\): [\d.]+ % of the document tokens, such as .*"日"/);
  expect(err).toContain('begin with a model whose tokenizer knows them');
  expect(err.indexOf('<unk>')).toBeLessThan(err.indexOf('2 of 2'));
  expect(code).toBe(0);
});
