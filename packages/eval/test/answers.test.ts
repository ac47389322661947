import { type Answerer, Registry } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { expect, test } from 'vitest';
import { answerMetrics, evalPlugin } from '../src/index';

const answers = [
  { id: 'a', text: 'Two dogs', truths: ['two dogs', 'dogs'] },
  { id: 'b', text: 'a red cat', truths: ['a cat', 'a red fox'] },
];

test('an answer is right when it is one of the right ones; words count by the nearest of them', () => {
  expect(answerMetrics(answers)).toEqual({ accuracy: 0.5, wordF1: (1 + 0.8) / 2, count: 2 });
  expect(() => answerMetrics([])).toThrow('nothing was evaluated');
});

test('the evaluator asks the task for answers, and refuses a model without one', async () => {
  const evaluate = new Registry().use(evalPlugin).get('evaluator', 'answers');
  const skipped = { count: 0, draws: 0, reasons: [] };
  const answer: Answerer = async (_, { limit = 2 } = {}) => ({ answers: answers.slice(0, limit), skipped });
  const subject = { model: undefined, tokenizer: undefined as never };
  const data = arrayDataset([]);
  expect((await evaluate({ ...subject, answer }, data, { limit: 1 })).metrics).toEqual({
    ...{ accuracy: 1, wordF1: 1, count: 1 },
  });
  await expect(evaluate(subject, data, {})).rejects.toThrow('needs a task that gives answers');
  await expect(
    evaluate({ ...subject, answer }, data, {}, { signal: AbortSignal.abort(new Error('enough')) }),
  ).rejects.toThrow('enough');
});
