import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, DataError, TokenizerError } from '@simvlm/core';
import { resolveRunConfig, silent } from '@simvlm/run';
import { loadRunData, readCandidates, readRunConfig, readTokenizer, runRegistry } from '@simvlm/run/node';
import { trainUnigram, writeTokenizerJson } from '@simvlm/tokenizer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simvlm, smallConfig, workingFolder } from './fixture';

/** A text in four encodings: the two that are read, and two that are refused by name. */
const encodings = {
  plain: (text: string) => Buffer.from(text),
  marked: (text: string) => Buffer.from(`\uFEFF${text}`),
  latin1: (text: string) => Buffer.from(text.replaceAll('\u2028', ' '), 'latin1'),
  utf16: (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
};
const read = ['plain', 'marked'] as const;

let folder: ReturnType<typeof workingFolder>;
beforeAll(() => {
  folder = workingFolder();
});
afterAll(() => folder.leave());

function write(name: string, text: string): Record<keyof typeof encodings, string> {
  const names = {} as Record<keyof typeof encodings, string>;
  for (const [encoding, encode] of Object.entries(encodings)) {
    const file = name.replace('*', encoding);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, encode(text));
    names[encoding as keyof typeof encodings] = file;
  }
  return names;
}

it('a configuration', async () => {
  const files = write('*.json', JSON.stringify(smallConfig('Fotos für alle', { steps: 3 })));
  for (const encoding of read)
    expect(await readRunConfig(files[encoding], [])).toMatchObject({ data: { train: 'Fotos für alle' } });
  await expect(readRunConfig(files.latin1, [])).rejects.toThrow(/^latin1\.json:1: not UTF-8; save/);
  await expect(readRunConfig(files.utf16, [])).rejects.toThrow(/^utf16\.json is UTF-16, not UTF-8/);
  await expect(readRunConfig(files.utf16, [])).rejects.toBeInstanceOf(ConfigError);
  const { code, err } = await simvlm('train', files.latin1);
  expect([code, err]).toEqual([2, expect.stringContaining('latin1.json:1: not UTF-8')]);
});

it('documents', async () => {
  writeFileSync('captions.jsonl', '{"text": "a note"}\n');
  const files = write('*.txt', 'eins\u2028zwei\r\n\r\nKöln\r\n');
  const texts = async (documents: string) => {
    const config = resolveRunConfig({
      ...smallConfig('.', { batch: { imageText: 4, textOnly: 4 } }),
      data: { train: '.', documents },
    });
    const data = await loadRunData(config, { registry: await runRegistry(), reporter: silent });
    return Promise.all(
      Array.from({ length: data.texts.length }, async (_, i) => (await data.texts.get(i)).text),
    );
  };
  for (const encoding of read)
    expect(await texts(files[encoding])).toEqual(['a note', 'eins\u2028zwei', 'Köln']);
  await expect(texts(files.latin1)).rejects.toThrow(/^latin1\.txt:3: not UTF-8/);
  await expect(texts(files.utf16)).rejects.toThrow(/^utf16\.txt is UTF-16/);
  await expect(texts('.')).rejects.toThrow(
    new DataError('DATA_NOT_FOUND', '"data.documents": cannot read .: it is a folder, not a regular file'),
  );
});

const picture = (id: string) => ({ id, text: 'a fox', image: `${id}.png` });
const noWarning = (message: string): void => expect.unreachable(message);

it('candidates', async () => {
  const line = '{"id": "Tür", "candidates": ["ein Tor\u2028", "eine Tür"]}\r\n';
  write('nway-*/nway.jsonl', `\n${line}`);
  const candidates = (name: string) => readCandidates(name, [picture('Tür')], noWarning);
  for (const encoding of read)
    expect(await candidates(`nway-${encoding}`)).toEqual(new Map([['Tür', ['ein Tor\u2028', 'eine Tür']]]));
  await expect(candidates('nway-latin1')).rejects.toThrow(/^nway-latin1\/nway\.jsonl:2: not UTF-8/);
  await expect(candidates('nway-utf16')).rejects.toThrow(/^nway-utf16\/nway\.jsonl is UTF-16/);
  expect(await candidates('nowhere')).toBeUndefined();
});

it('candidates belong to one picture each: others are an error or a warning', async () => {
  mkdirSync('nway');
  const write = (...ids: string[]) =>
    writeFileSync(
      'nway/nway.jsonl',
      ids.map(id => `${JSON.stringify({ id, candidates: ['a', 'b'] })}\n`).join('\n'),
    );
  const candidates = (ids: string[], warn = noWarning) => readCandidates('nway', ids.map(picture), warn);
  write('x', 'y', 'x');
  await expect(candidates(['x', 'y'])).rejects.toThrow(
    'nway/nway.jsonl:5: line 1 has candidates for "x" already; keep one of the two',
  );
  write('x');
  await expect(candidates(['x', 'constructor'])).rejects.toThrow(
    'nway/nway.jsonl has no candidates for 1 picture ("constructor")',
  );
  write('x', 'a', 'b', 'c', 'd', 'e', 'f');
  const warnings: string[] = [];
  expect((await candidates(['x'], message => warnings.push(message)))?.size).toBe(7);
  expect(warnings).toEqual([
    'nway/nway.jsonl has candidates for 6 ids ("a", "b", "c", "d", "e" and 1 more), which no picture has',
  ]);
});

it('a tokenizer.json', async () => {
  const tokenizer = await trainUnigram(['eine Tür', 'ein Tor'], { vocabSize: 20, hardVocabLimit: false });
  const files = write('tokenizer-*.json', writeTokenizerJson(tokenizer.model));
  for (const encoding of read) {
    const same = await readTokenizer(files[encoding]);
    expect([...same.encode('eine Tür')]).toEqual([...tokenizer.encode('eine Tür')]);
  }
  await expect(readTokenizer(files.latin1)).rejects.toThrow(/^tokenizer-latin1\.json:\d+: not UTF-8/);
  await expect(readTokenizer(files.utf16)).rejects.toThrow(/^tokenizer-utf16\.json is UTF-16/);
  await expect(readTokenizer(files.utf16)).rejects.toBeInstanceOf(TokenizerError);
  await expect(readTokenizer('.')).rejects.toThrow(
    '.: there is no tokenizer: no tokenizer.json, tokenizer.model or vocab.txt',
  );
});

it('what `tokenizer` trains on, encodes and decodes', async () => {
  const text = `${['eine Tür', 'ein Tor', 'ein Tier'].join('\n')}\n`;
  const files = write('lines-*.txt', text);
  const train = (file: string, out: string) =>
    simvlm('tokenizer', 'train', file, '--out', out, '--vocab-size', '14', '--soft-vocab-limit');
  for (const encoding of read) expect((await train(files[encoding], `${encoding}.model`)).code).toBe(0);
  expect(readFileSync('marked.model').equals(readFileSync('plain.model'))).toBe(true);
  const use = (task: string, file: string) => simvlm('tokenizer', task, file, '--model', 'plain.model');
  const ids = (await use('encode', files.plain)).out;
  expect((await use('encode', files.marked)).out).toBe(ids);
  writeFileSync('ids.txt', `\uFEFF${ids}`);
  expect((await use('decode', 'ids.txt')).out).toBe(text);
  for (const task of ['encode', 'decode']) {
    const { code, err } = await use(task, files.latin1);
    expect([code, err]).toEqual([1, expect.stringContaining('lines-latin1.txt:1: not UTF-8; save')]);
    expect((await use(task, files.utf16)).err).toContain('lines-utf16.txt is UTF-16, not UTF-8');
  }
  const { code, err } = await train(files.latin1, 'bad.model');
  expect([code, err]).toEqual([1, expect.stringContaining('lines-latin1.txt:1: not UTF-8; save')]);
});
