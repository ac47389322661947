import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 60, 1);
  folder.write(
    'config.json',
    smallConfig('train', {
      ...{ name: 'watched', steps: 40, data: { train: 'train', valShare: 0.2 } },
      evaluation: { steps: 10 },
      checkpoints: { keep: { last: 1 } },
    }),
  );
});
afterAll(() => folder.leave());

const train = (...pairs: string[]) =>
  simvlm('train', 'config.json', '--backend', 'wasm', ...pairs.flatMap(pair => ['--set', pair]));
const lines = (name: string) =>
  readFileSync(`runs/${name}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, number>);

it('a run is evaluated on its schedule, and the best checkpoint is kept and opened', async () => {
  const { code, err } = await train();
  expect(code, err).toBe(0);
  expect(err).toMatch(/^evaluation after step 10: val\/loss [\d.]+ · .*caption\/wordF1 [\d.]+/m);
  const evaluated = lines('watched').filter(line => 'val/loss' in line);
  expect(evaluated.map(({ step }) => step)).toEqual([10, 20, 30, 40]);
  expect(err).toMatch(
    /^best {6}val\/loss \d+\.\d{4} at step \d+; use it with --checkpoint runs\/watched\/best$/m,
  );
  const { step, results } = JSON.parse(readFileSync('runs/watched/evaluation.json', 'utf8'));
  const [{ evaluator, metrics, intervals }] = results;
  expect([step, evaluator]).toEqual([40, 'caption']);
  expect(metrics.wordF1).toBe(evaluated.at(-1)!['caption/wordF1']);
  expect(intervals.wordF1.low).toBeLessThanOrEqual(metrics.wordF1);
  expect(intervals.wordF1.high).toBeGreaterThanOrEqual(metrics.wordF1);
  const best = ['--checkpoint', 'runs/watched/best', '--backend', 'wasm'];
  const captioned = await simvlm('caption', 'train/0.png', ...best);
  expect(captioned.code, captioned.err).toBe(0);
});

it('evaluators of a run compare with other examples, and any of their numbers chooses the best checkpoint', async () => {
  const evaluators = [
    { kind: 'nearest-pixels', train: 'train' },
    { kind: 'shuffled-choice', choices: 3 },
  ];
  const { code, err } = await train(
    `evaluation.evaluators=${JSON.stringify(evaluators)}`,
    'evaluation.best={"name":"shuffled-choice/accuracy","better":"higher"}',
    'name=compared',
  );
  expect(code, err).toBe(0);
  // The validation pictures are among those that they are compared with.
  expect(lines('compared').at(-1)).toMatchObject({ 'nearest-pixels/exactMatch': 1 });
  expect(err).toMatch(/^best {6}shuffled-choice\/accuracy /m);
});

it('a run that no longer gets better ends', async () => {
  const still = ['name=still', 'optimizer.learningRate=0', 'earlyStopping={"patience":2}'];
  const { code, err } = await train(...still);
  expect(code, err).toBe(0);
  expect(err).toContain('ended     early: val/loss got no better in 2 evaluations');
  // The first is the best, the next two are no better.
  expect(lines('still').at(-1)!.step).toBe(30);
});

it.each([
  [['evaluation.best={"name":"caption/wordF2","better":"higher"}', 'name=a'], 'wordF2'],
  [['evaluation.evaluators=[{"kind":"capton"}]', 'name=b'], 'no evaluator "capton"; registered:'],
  [
    ['data={"train":"train"}', 'name=c'],
    '"evaluation": this run has no validation pictures; give "data.val"',
  ],
])('%j is refused', async (pairs, message) => {
  const { code, err } = await train(...pairs);
  expect(err).toContain(message);
  expect(code).toBe(2);
});
