import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { simvlm } from './fixture';

const folder = mkdtempSync(join(tmpdir(), 'simvlm-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, ...items: object[]): string {
  const path = join(folder, name);
  writeFileSync(path, items.map(item => `${JSON.stringify(item)}\n`).join(''));
  return path;
}

const captions = file(
  'captions.jsonl',
  {
    id: 'a',
    prediction: 'a dog runs in front of a house',
    references: ['the dog ran before the house', 'a dog'],
  },
  { id: 'b', prediction: 'two cats', references: ['Two cats sleep.'] },
);

test('captions: one object with every number, and each item with its id', async () => {
  const { code, out, err } = await simvlm('metrics', 'captions', captions, '--json', '--per-item');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const report = JSON.parse(out);
  expect(report.count).toBe(2);
  for (const name of ['bleu1', 'bleu2', 'bleu3', 'bleu4', 'rougeL', 'ciderD', 'meteorExactStemSynonym'])
    expect(report[name], name).toEqual(expect.any(Number));
  expect(report).not.toHaveProperty('meteor');
  expect(report.items.map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
  expect(report.items[1].bleu1).toBeCloseTo(Math.exp(1 - 3 / 2), 6);
});

test('with a table of paraphrases METEOR has its name, and earns by them', async () => {
  const table = fileURLToPath(new URL('../../metrics/fixtures/paraphrases.gz', import.meta.url));
  const { out } = await simvlm('metrics', 'captions', captions, '--json', '--paraphrases', table);
  const { meteor, meteorExactStemSynonym } = JSON.parse(out);
  expect(meteor).toBeGreaterThan(meteorExactStemSynonym);
});

test('a table says what each number is, and between which others it lies', async () => {
  const answers = file(
    'vqa.jsonl',
    ...[3, 4, 1].map((yes, i) => ({
      id: i,
      prediction: 'yes',
      answers: Array.from({ length: 10 }, (_, k) => (k < yes ? 'yes' : 'no')),
    })),
  );
  const { out } = await simvlm('metrics', 'vqa', answers, '--intervals', '100');
  expect(out).toMatch(
    /^3 items +95 % +signature\naccuracy +73\.3333 +\d+\.\d{4} to \d+\.\d{4} +norm:vqa-2021-03\|version:simvlm-/,
  );
});

test('labels and numbers', async () => {
  const pairs = (values: [unknown, unknown][]) =>
    values.map(([prediction, label], id) => ({ id, prediction, label }));
  const labels = file(
    'labels.jsonl',
    ...pairs([
      ['yes', 'yes'],
      ['yes', 'no'],
      ['no', 'no'],
    ]),
  );
  const json = async (...args: string[]) => JSON.parse((await simvlm('metrics', ...args, '--json')).out);
  expect(await json('classification', labels)).toMatchObject({ accuracy: 2 / 3, f1: 2 / 3, matthews: 0.5 });
  expect(await json('classification', labels, '--positive', 'no')).toMatchObject({ f1: 2 / 3 });
  const numbers = file(
    'numbers.jsonl',
    ...pairs([
      [1, 2],
      [2, 4],
      ['3', 6],
    ]),
  );
  expect(await json('regression', numbers)).toMatchObject({ pearson: 1, spearman: 1 });
});

test.each([
  [
    ['metrics', 'speech', captions],
    2,
    /there are no metrics of "speech"; there are captions, vqa, translation/,
  ],
  [['metrics', 'captions', join(folder, 'none.jsonl')], 1, /cannot read .*none\.jsonl/],
  [['metrics', 'vqa', captions], 1, /item 1 \("a"\): "answers" must be a list/],
  [['metrics', 'vqa', captions, '--paraphrases', 'x'], 2, /--paraphrases is for captions/],
  [['metrics', 'captions', captions, '--positive', 'x'], 2, /--positive is for classification/],
  [['metrics', 'captions', captions, '--paraphrases', captions], 1, /paraphrases: this is no gzip file/],
  [['metrics', 'captions', captions, '--intervals', '0'], 2, /give a whole number, 1 or more/],
])('%j is refused in one line', async (args, code, message) => {
  const result = await simvlm(...args);
  expect(result.code).toBe(code);
  expect(result.err).toMatch(message);
});
