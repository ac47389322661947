import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, evaluated, simvlm, smallConfig, smallModel, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
let colours: string[];
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('drawn', 120, 1);
  colours = readFileSync('drawn/captions.jsonl', 'utf8')
    .trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { text: string }).text.split(' ')[1]!);
});
afterAll(() => folder.leave());

/** Trains as the task says on data whose validation part is split off, and evaluates on all of them. */
async function accuracyOf(name: string, task: object, data: object, source: string[], steps: number) {
  folder.write(
    `${name}.json`,
    smallConfig('', {
      ...{ name, task, objective: { kind: 'prefix-lm' }, steps },
      data: { train: data, valShare: 0.2 },
      model: { ...smallModel, maxTextLength: 16 },
      evaluation: { steps },
    }),
  );
  const run = await simvlm('train', `${name}.json`, '--backend', 'wasm');
  expect(run.code, run.err).toBe(0);
  expect(run.err).toMatch(/evaluation after step \d+: val\/loss .* · answers\/accuracy /);
  const measured = await simvlm('eval', ...source, '--json', '--checkpoint', `runs/${name}`);
  expect(measured.code, measured.err).toBe(0);
  return evaluated(measured.out);
}

it('VQAv2: a model is trained to answer, from the two files as they are downloaded', async () => {
  mkdirSync('train2014');
  for (const i of colours.keys())
    cpSync(`drawn/${i}.png`, `train2014/COCO_train2014_${String(i).padStart(12, '0')}.jpg`);
  const questions = colours.map((_, i) => ({
    ...{ image_id: i, question_id: 10 * i, question: 'which colour is it?' },
  }));
  folder.write('questions.json', { data_subtype: 'train2014', questions });
  const annotations = colours.map((answer, i) => ({
    ...{ image_id: i, question_id: 10 * i, multiple_choice_answer: answer },
    answers: Array.from({ length: 10 }, (_, j) => ({ answer, answer_id: j + 1 })),
  }));
  folder.write('annotations.json', { annotations });
  const data = { path: 'questions.json', annotations: 'annotations.json', images: 'train2014' };
  const words = ['questions.json', '--annotations', 'annotations.json', '--images', 'train2014'];
  const { evaluator, accuracy, count } = await accuracyOf('vqa', { kind: 'answer' }, data, words, 120);
  expect([evaluator, count]).toEqual(['answers', 120]);
  // Guessing gets a quarter.
  expect(accuracy).toBeGreaterThan(0.7);
});

it('NLVR2: a sentence about two pictures is classified by both', async () => {
  mkdirSync('pairs');
  const lines = Array.from({ length: 60 }, (_, i) => {
    for (const side of [0, 1]) cpSync(`drawn/${2 * i + side}.png`, `pairs/dev-${i}-0-img${side}.png`);
    const label = colours[2 * i] === colours[2 * i + 1] ? 'True' : 'False';
    return JSON.stringify({ identifier: `dev-${i}-0-0`, sentence: 'both have one colour', label });
  });
  folder.write('pairs.json', `${lines.join('\n')}\n`);
  const task = { kind: 'classify', pictures: 2, reads: 'text' };
  const data = { path: 'pairs.json', images: 'pairs' };
  const words = ['pairs.json', '--images', 'pairs'];
  const { count, accuracy } = await accuracyOf('nlvr2', task, data, words, 150);
  expect(count).toBe(60);
  const most =
    Math.max(...['True', 'False'].map(each => lines.filter(line => line.includes(each)).length)) / 60;
  expect(accuracy).toBeGreaterThan(most);
});
