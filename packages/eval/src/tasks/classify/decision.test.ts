import type { ExampleOutline, JsonValue, TaskContext } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { labelDecision } from './label';
import { numberDecision } from './number';
import { vocabularyDecision } from './vocabulary';

const example = (fields: Record<string, JsonValue>, id = 'a'): ExampleOutline => ({ id, text: '', fields });

/** Ten answers: the first so many are one, the others another. */
const ten = (first: string, count: number, second: string) =>
  example({ answer: Array.from({ length: 10 }, (_, i) => (i < count ? first : second)) });

function context(outlines: readonly ExampleOutline[], saved?: readonly string[]) {
  const warnings: string[] = [];
  const given = {
    outlines: async function* () {
      yield* outlines;
    },
    warn: (text: string) => void warnings.push(text),
    ...(saved && { savedFile: async () => new TextEncoder().encode(JSON.stringify(saved)) }),
  } as unknown as TaskContext;
  return { given, warnings };
}

describe('a vocabulary of answers', () => {
  const training = [
    ten('Two', 6, 'three'),
    ten('2', 10, '2'),
    ten('2', 9, 'two'),
    ten('a dog', 7, 'cat'),
    ten('red', 10, 'red'),
  ];

  test('is the answers that are most often the common one, the same where VQA says so, each in its usual form', async () => {
    const { given, warnings } = context(training);
    const { files, head } = await vocabularyDecision('task vqa', given, 2);
    expect(new TextDecoder().decode(files.get('labels.json'))).toBe('["2","a dog"]');
    expect(head).toEqual({ classes: 2, target: 'scores' });
    expect(warnings).toEqual([
      expect.stringContaining('the 2 most frequent answers are the common answer to 80.0 % of 5 questions'),
    ]);
  });

  test('says nothing where it holds them all', async () => {
    const { given, warnings } = context(training);
    await vocabularyDecision('task vqa', given, 100);
    expect(warnings).toEqual([]);
  });

  test('scores an answer by how many people gave it', async () => {
    const { right, text } = await vocabularyDecision('task vqa', context([], ['2', 'dog', 'cat']).given, 3);
    const scores = (answers: ExampleOutline) =>
      right(answers).outputs!.map(score => Number(score.toFixed(6)));
    expect(scores(ten('two', 10, ''))).toEqual([0, 0, 0]);
    expect(scores(ten('2', 9, 'dog'))).toEqual([1, 0.3, 0]);
    expect(scores(ten('a dog', 2, 'cat'))).toEqual([0, 0.6, 1]);
    expect(scores(ten('the dog', 3, 'bird'))).toEqual([0, 0.9, 0]);
    // Fewer than ten are right ones each.
    expect(scores(example({ answer: ['dog', 'cat'] }))).toEqual([0, 1, 1]);
    expect(scores(example({ answer: 'cat' }))).toEqual([0, 0, 1]);
    expect(text(1)).toBe('dog');
  });

  test('an example without any of its answers has truths, and nothing to learn', async () => {
    const { right } = await vocabularyDecision('task vqa', context([], ['2', 'dog']).given, 2);
    const { outputs, truths } = right(ten('owl', 10, ''));
    expect(outputs).toBeUndefined();
    expect(truths).toHaveLength(10);
    expect(() => right(example({}))).toThrow('example "a" has no "answer"');
  });

  test('of one answer is refused', async () => {
    await expect(vocabularyDecision('task vqa', context([ten('x', 10, '')]).given, 9)).rejects.toThrow(
      'there must be two different labels or more, got x',
    );
  });
});

describe('labels', () => {
  test('are found by their names, or by their places', async () => {
    const { right, text } = await labelDecision('task glue', context([]).given, ['entailment', 'neutral']);
    expect(right(example({ label: 'neutral' }))).toEqual({ outputs: [1], truths: ['neutral'] });
    expect(right(example({ label: 0 }))).toEqual({ outputs: [0], truths: ['entailment'] });
    expect(text(1)).toBe('neutral');
    for (const label of ['1', 2, -1, 0.5, 'no'])
      expect(() => right(example({ label })), `${label}`).toThrow(
        `the label "${label}", which is none of the 2`,
      );
  });

  test('that are called by numbers mean these', async () => {
    const { right } = await labelDecision('task x', context([]).given, ['1', '0']);
    expect(right(example({ label: 0 })).outputs).toEqual([1]);
  });
});

test('a number is learnt as it stands', () => {
  const right = (label: JsonValue) => numberDecision.right(example({ label }));
  expect(right('3.8')).toEqual({ outputs: [3.8], truths: ['3.8'] });
  expect(right(0)).toEqual({ outputs: [0], truths: ['0'] });
  for (const label of ['', 'much', null, true])
    expect(() => right(label)).toThrow('example "a" has no number in "label"');
});
