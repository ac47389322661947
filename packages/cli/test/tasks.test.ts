import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, evaluated, simvlm, smallConfig, smallModel, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  for (const [name, count] of [
    ['train', 120],
    ['test', 40],
  ] as const)
    folder.write(`${await drawFolder(name, count, count)}/captions.jsonl`, withFields(name));
});
afterAll(() => folder.leave());

/** The lines of a drawn folder, with colour as label, and as the answer to a question. */
function withFields(name: string): string {
  const lines = readFileSync(`${name}/captions.jsonl`, 'utf8').trim().split('\n');
  return lines
    .map(line => {
      const given = JSON.parse(line);
      const label = given.text.split(' ')[1];
      return JSON.stringify({ ...given, label, question: 'which colour is it?', answer: label });
    })
    .join('\n');
}

it.each(['classify', 'answer'])('a run with the task %s is trained, resumed and evaluated', async kind => {
  const file = `${kind}.json`;
  const evaluation = { steps: 40 };
  folder.write(
    file,
    smallConfig('train', {
      ...{ name: kind, task: { kind }, objective: { kind: 'prefix-lm' }, steps: 80, evaluation },
      data: { train: 'train', valShare: 0.2 },
      model: { ...smallModel, maxTextLength: 16 },
    }),
  );
  const run = await simvlm('train', file, '--set', 'checkpoints.steps=40');
  expect(run.err).toMatch(/evaluation after step 40: val\/loss .* · answers\/accuracy /);
  expect(run.err).toContain(`evaluate it with: simvlm eval FOLDER --checkpoint runs/${kind}`);
  expect(run.code).toBe(0);
  const more = await simvlm('train', file, '--resume', `runs/${kind}`, '--set', 'steps=120');
  expect(more.code).toBe(0);

  const { out, code } = await simvlm('eval', 'test', '--test', '--json', '--checkpoint', `runs/${kind}`);
  expect(code).toBe(0);
  const { evaluator, accuracy, count } = evaluated(out);
  expect([evaluator, count]).toEqual(['answers', 40]);
  // Guessing gets a quarter.
  expect(accuracy).toBeGreaterThan(0.7);
});

it('a classifier writes no captions, and says what it does', async () => {
  const { code, err } = await simvlm('caption', 'test/0.png', '--checkpoint', 'runs/classify');
  expect(code).toBe(2);
  expect(err).toContain('is of a classifier, which writes no captions: simvlm eval FOLDER');
});

it('an evaluator that nobody registered is refused by its name', async () => {
  const { code, err } = await simvlm('eval', 'test', '--evaluator', 'captoin', '--checkpoint', 'runs/answer');
  expect(err).toMatch(/no evaluator "captoin"; registered: caption, .*; did you mean "caption"\?/);
  expect(code).toBe(2);
});
