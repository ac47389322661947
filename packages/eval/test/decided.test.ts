import type { Answer, EvaluationSubject, Evaluator } from '@simvlm/core';
import { Registry } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { type Kind, metricsReport } from '@simvlm/metrics';
import { describe, expect, test } from 'vitest';
import { evalPlugin } from '../src/index';

const registry = new Registry().use(evalPlugin);
const data = arrayDataset([]);

/** A task that says this, whatever it is asked. */
const subject = (answers: readonly Answer[], warnings?: readonly string[]) =>
  ({
    answer: async () => ({
      answers,
      skipped: { count: 0, draws: 0, reasons: [] },
      ...(warnings && { warnings }),
    }),
  }) as unknown as EvaluationSubject;

const answer = (text: string, truths: readonly string[], i: number): Answer => ({ id: `${i}`, text, truths });
const labelled = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([text, truth], i) => answer(text, [truth], i));

const vqa = [
  answer('yes', Array(10).fill('yes'), 0),
  answer('2', [...Array(2).fill('two'), ...Array(8).fill('3')], 1),
  answer('no idea', Array(10).fill('a dog'), 2),
];
const two = labelled([
  ['1', '1'],
  ['0', '1'],
  ['1', '0'],
  ['1', '1'],
  ['0', '0'],
]);
const three = labelled([
  ['a', 'a'],
  ['b', 'c'],
  ['c', 'c'],
  ['a', 'b'],
]);
const numbers = labelled([
  ['1.5', '1'],
  ['2', '3'],
  ['0.25', '2.5'],
  ['4', '5'],
]);

/** The keys by which `simvlm metrics` knows an item. */
const line = ({ text, ...rest }: Record<string, unknown>) => JSON.stringify({ ...rest, prediction: text });

describe.each<{ name: string; kind: Kind; answers: readonly Answer[]; metrics: readonly string[] }>([
  { name: 'vqa', kind: 'vqa', answers: vqa, metrics: ['accuracy'] },
  { name: 'labels', kind: 'classification', answers: two, metrics: ['accuracy', 'f1', 'matthews'] },
  { name: 'labels', kind: 'classification', answers: three, metrics: ['accuracy', 'matthews'] },
  { name: 'regression', kind: 'regression', answers: numbers, metrics: ['pearson', 'spearman'] },
])('the evaluator $name ($metrics)', ({ name, kind, answers, metrics }) => {
  const evaluate: Evaluator = registry.get('evaluator', name);

  test('gives the numbers that "simvlm metrics" makes of its items, with their intervals', async () => {
    const found = await evaluate(subject(answers), data, {}, { intervals: true });
    const report = await metricsReport(kind, found.items!.map(line), { intervals: {} });
    expect(found.metrics).toEqual({ ...report.scores, count: answers.length });
    expect(Object.keys(report.scores)).toEqual(metrics);
    expect(found.intervals).toEqual(report.intervals);
  });

  test('passes on what must be known, and refuses no answers at all', async () => {
    const { warnings, skipped } = await evaluate(subject(answers, ['a warning']), data, {});
    expect(warnings).toEqual(['a warning']);
    expect(skipped).toEqual({ count: 0, draws: 0, reasons: [] });
    await expect(evaluate(subject([]), data, {})).rejects.toThrow('nothing was evaluated');
    await expect(evaluate({} as EvaluationSubject, data, {})).rejects.toThrow(
      'needs a task that gives answers',
    );
    await expect(evaluate(subject(answers), data, { limt: 1 })).rejects.toThrow('unknown key "limt"');
  });
});

test('VQA accuracy is of ten answers: 3 of 10 are a full point, and a single one is no basis', async () => {
  const evaluate = registry.get('evaluator', 'vqa');
  const { metrics } = await evaluate(subject(vqa), data, {});
  // 100, then two of ten (60), then none.
  expect(metrics.accuracy).toBeCloseTo(160 / 3, 6);
  await expect(evaluate(subject(labelled([['yes', 'yes']])), data, {})).rejects.toThrow(
    'example "0" has 1 answers, and with fewer than 4 none is wholly right',
  );
});

test('F1 is of the class that is asked for', async () => {
  const evaluate = registry.get('evaluator', 'labels');
  const found = await evaluate(subject(two), data, { positive: '0' });
  // One of two that were said, one of two that are.
  expect(found.metrics.f1).toBeCloseTo(0.5, 6);
  expect(found.signatures!.f1).toContain('0');
  await expect(evaluate(subject(two), data, { positive: 'x' })).rejects.toThrow(
    'no example has that label: 0, 1',
  );
  await expect(evaluate(subject(three), data, { positive: 'a' })).rejects.toThrow('F1 is of two classes');
});

test('there is no correlation with what is always the same, and a word is no number', async () => {
  const evaluate = registry.get('evaluator', 'regression');
  const { metrics, warnings } = await evaluate(
    subject(
      labelled([
        ['1', '1'],
        ['1', '2'],
      ]),
    ),
    data,
    {},
    { intervals: true },
  );
  expect(metrics).toEqual({ pearson: 0, spearman: 0, count: 2 });
  expect(warnings).toEqual([expect.stringContaining('there is no correlation')]);
  await expect(evaluate(subject(labelled([['yes', '1']])), data, {})).rejects.toThrow(
    'example "0" has "yes", which is no number',
  );
});
