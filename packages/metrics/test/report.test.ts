import { describe, expect, test } from 'vitest';
import { metricsReport } from '../src/index';
import { loadWordNet } from '../src/node';

const lines = (...items: object[]) => items.map(item => JSON.stringify(item));
const dog = { id: 'a', prediction: 'a dog', references: ['a dog runs', 'the dog'] };

test('captions: every metric with its signature, and each item’s numbers', async () => {
  const report = await metricsReport('captions', lines(dog, { ...dog, id: 7, prediction: '' }), {
    perItem: true,
    wordNet: await loadWordNet(),
    intervals: { samples: 50 },
  });
  expect(report.count).toBe(2);
  expect(Object.keys(report.scores)).toEqual(
    'bleu1 bleu2 bleu3 bleu4 rougeL ciderD meteorExactStemSynonym'.split(' '),
  );
  expect(report.signatures.bleu4).toMatch(
    /^nrefs:2\|case:lc\|tok:ptb-3.4.1\|len:closest\|smooth:none\|version:simvlm-/,
  );
  expect(report.items!.map(({ id }) => id)).toEqual(['a', '7']);
  expect(report.items![1]!.bleu1).toBeLessThan(1e-6);
  const { low, high } = report.intervals!.rougeL!;
  expect(low).toBeLessThanOrEqual(report.scores.rougeL!);
  expect(high).toBeGreaterThanOrEqual(report.scores.rougeL!);
});

test('without WordNet nothing bears the name of METEOR', async () => {
  const { scores } = await metricsReport('captions', lines(dog));
  expect(Object.keys(scores).filter(name => name.startsWith('meteor'))).toEqual([]);
});

test('classification of two classes has F1, of more it has none', async () => {
  const of = (...labels: [unknown, unknown][]) =>
    metricsReport(
      'classification',
      lines(...labels.map(([prediction, label], i) => ({ id: `${i}`, prediction, label }))),
    );
  expect((await of([1, 1], [0, 1], [1, 0], [1, 1])).scores).toMatchObject({ accuracy: 0.5, f1: 4 / 6 });
  expect((await of(['a', 'b'], ['c', 'c'])).scores).not.toHaveProperty('f1');
});

test('an undefined correlation is null, and no number', async () => {
  // 3 · 0.1 / 3 is not 0.1.
  const { scores } = await metricsReport(
    'regression',
    lines(...[1, 2, 4].map((label, id) => ({ id, prediction: 0.1, label }))),
  );
  expect(scores).toEqual({ pearson: null, spearman: null });
});

test('F1 of a label that no item has, or of one among many, is refused', async () => {
  const of = (...labels: string[]) => lines(...labels.map((label, id) => ({ id, prediction: label, label })));
  const two = metricsReport('classification', of('a', 'b'), { positive: 'c' });
  await expect(two).rejects.toThrow('positive: "c": no item has that label; the labels are a, b');
  const three = metricsReport('classification', of('a', 'b', 'c'), { positive: 'c' });
  await expect(three).rejects.toThrow('there are 3 classes, and F1 is of two');
});

describe('what would give a number that means nothing is refused', () => {
  test.each<[string, Parameters<typeof metricsReport>[0], string[], RegExp]>([
    ['no items', 'captions', [''], /predictions: there are no items/],
    ['no id', 'vqa', lines({ prediction: 'a', answers: ['a'] }), /item 1: "id" must be a text/],
    ['an id twice', 'captions', lines(dog, dog), /item 2: the id "a" is there twice/],
    [
      'no references',
      'captions',
      lines({ ...dog, references: [] }),
      /item 1 \("a"\): "references" must be a list/,
    ],
    [
      'a reference that is no text',
      'translation',
      lines({ ...dog, references: [1] }),
      /must hold texts alone/,
    ],
    [
      'references without words',
      'captions',
      lines({ ...dog, references: ['.', ' '] }),
      /none of its references has a word/,
    ],
    ['no prediction', 'captions', lines({ ...dog, prediction: undefined }), /"prediction" must be a text/],
    [
      'a number that is none',
      'regression',
      lines({ id: 'a', prediction: 'x', label: 1 }),
      /must be finite numbers/,
    ],
    [
      'a label that is none',
      'classification',
      lines({ id: 'a', prediction: 1 }),
      /"prediction" and "label" must be/,
    ],
    ['a number that failed', 'regression', lines({ id: 'a', prediction: null, label: 1 }), /finite numbers/],
    [
      'an empty number',
      'regression',
      lines({ id: 'a', prediction: ' ', label: 1 }),
      /must be finite numbers/,
    ],
    ['a list', 'regression', lines({ id: 'a', prediction: [5], label: 1 }), /must be finite numbers/],
    ['no JSON', 'vqa', ['{'], /line 1 is no JSON/],
    ['no object', 'vqa', ['[]'], /line 1 must be a JSON object/],
  ])('%s', async (_, kind, text, message) => {
    await expect(metricsReport(kind, text)).rejects.toThrow(message);
  });
});
