import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  const words = ['red', 'green', 'blue', 'square', 'disc', 'cross'];
  folder.write('text.txt', words.flatMap(a => words.map(b => `a ${a} ${b}`)).join('\n'));
  const { code, err } = await simvlm(
    'tokenizer',
    'train',
    'text.txt',
    '--out',
    'words.model',
    '--vocab-size',
    '24',
  );
  expect(err).toContain('words.model: 24 pieces');
  expect(code).toBe(0);
});
afterAll(() => folder.leave());

it('encodes a line a line, as ids or as pieces, and decodes both back', async () => {
  folder.write('lines.txt', 'a red disc\n\na blue cross\n');
  const ids = await simvlm('tokenizer', 'encode', 'lines.txt', '--model', 'words.model');
  expect(ids.out).toMatch(/^[\d ]+\n\n[\d ]+\n$/);
  folder.write('ids.txt', ids.out);
  const back = await simvlm('tokenizer', 'decode', 'ids.txt', '--model', 'words.model');
  expect(back.out).toBe(readFileSync('lines.txt', 'utf8'));
  const pieces = await simvlm('tokenizer', 'encode', 'lines.txt', '--model', 'words.model', '--pieces');
  folder.write('pieces.txt', pieces.out);
  expect((await simvlm('tokenizer', 'decode', 'pieces.txt', '--model', 'words.model', '--pieces')).out).toBe(
    back.out,
  );
});

it('names a word that is no id, with its line', async () => {
  folder.write('ids.txt', '4 5\n6 x7\n');
  const { code, err } = await simvlm('tokenizer', 'decode', 'ids.txt', '--model', 'words.model');
  expect(code).toBe(1);
  expect(err).toContain('line 2: "x7" is not an id');
});

it('names a model that is none', async () => {
  const { code, err } = await simvlm('tokenizer', 'encode', 'text.txt', '--model', 'text.txt');
  expect(code).toBe(1);
  expect(err).toContain('not a usable SentencePiece model');
});
