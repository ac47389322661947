import { fileOf, memoryStorage } from '@simvlm/checkpoint';
import { type Example, Random } from '@simvlm/core';
import { arrayDataset, datasetSource, textDataset } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import {
  checkParts,
  openTask,
  ownParts,
  type RunConfigInput,
  resolveRunConfig,
  runTraining,
  silent,
} from '../src/index';

beforeAll(() => pickBackend({ prefer: 'wasm' }));

/** Bright and dark pictures, with a label, and a question whose answer needs picture and question. */
function pictures(count: number, seed: number): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => {
    const [bright, asked] = [random.integer(2) === 1, random.integer(2) === 1];
    const data = Uint8Array.from({ length: 8 * 8 * 3 }, () => (bright ? 170 : 50) + random.integer(40));
    const fields = {
      label: bright ? 'day' : 'night',
      question: asked ? 'is it bright' : 'is it dark',
      answer: bright === asked ? ['yes', 'yes it is'] : ['no'],
    };
    return { id: `${seed}-${i}`, text: 'a picture', image: { width: 8, height: 8, data }, fields };
  });
}

const config = (change: Partial<RunConfigInput>) =>
  resolveRunConfig({
    name: 'task',
    data: { train: { source: 'here' }, valShare: 0.1 },
    model: {
      architecture: 'encoder-decoder',
      ...{ imageSize: 8, width: 32, layers: 1, heads: 2, mlp: 64, maxTextLength: 16 },
      patcher: { kind: 'linear', patchSize: 4 },
    },
    optimizer: { learningRate: 0.01 },
    batch: { imageText: 16, textOnly: 0 },
    ...change,
  });

const data = {
  train: [{ source: datasetSource(arrayDataset(pictures(160, 1)), { name: 'here' }), isDecoded: true }],
  val: arrayDataset(pictures(60, 2)),
  documents: [],
  texts: textDataset([]),
  captions: ['is it bright', 'is it dark', 'yes it is', 'no'],
};

test.each([
  { kind: 'classify', steps: 60 },
  { kind: 'answer', steps: 160 },
])('a run with the task $kind: what it learnt is in its checkpoint', async ({ kind, steps }) => {
  const tensors = tf.memory().numTensors;
  const storage = memoryStorage();
  const registry = ownParts();
  const { model } = await runTraining({
    ...{ config: config({ task: { kind }, steps }), data, registry, reporter: silent, storage },
    readTokenizer: () => expect.fail('no file is read'),
  });
  model.dispose();
  const checkpoint = (await storage.latest())!;
  const opened = await openTask(checkpoint, registry);
  const evaluate = registry.get('evaluator', 'answers');
  const subject = { model: opened.model, tokenizer: opened.tokenizer, answer: opened.task.answer! };
  const { accuracy, count } = (await evaluate(subject, data.val, {})).metrics;
  expect(count).toBe(60);
  // Guessing gets a half.
  expect(accuracy).toBeGreaterThan(0.95);
  await opened.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test('a classifier names its labels in the checkpoint, and goes on only with these', async () => {
  const storage = memoryStorage();
  const task = { kind: 'classify', labels: ['night', 'day'] };
  const options = { data, registry: ownParts(), reporter: silent, readTokenizer: () => expect.fail() };
  const { model } = await runTraining({ ...options, config: config({ task, steps: 2 }), storage });
  model.dispose();
  const resume = (await storage.latest())!;
  expect(new TextDecoder().decode(await fileOf(resume, 'labels.json'))).toBe('["night","day"]');
  const turned = config({ task: { kind: 'classify', labels: ['day', 'night'] }, steps: 4 });
  await expect(runTraining({ ...options, config: turned, resume })).rejects.toThrow(
    '"labels" are not those of the checkpoint: night, day',
  );
  const again = await runTraining({
    ...options,
    config: config({ task: { kind: 'classify' }, steps: 4 }),
    resume,
  });
  expect(again.result.step).toBe(4);
  again.model.dispose();
});

test('evaluations on a schedule: of the task or by name, the best checkpoint by its metric, and an early end', async () => {
  const storage = memoryStorage({ keep: { best: 1 } });
  const seen: [number, object][] = [];
  const evaluation = { steps: 10, pictures: 40 };
  const { model, result } = await runTraining({
    ...{ data, registry: ownParts(), reporter: silent, storage, readTokenizer: () => expect.fail() },
    config: config({ task: { kind: 'classify' }, steps: 400, evaluation, earlyStopping: { patience: 2 } }),
    callbacks: () => [{ onEvaluation: (step, results) => void seen.push([step, results]) }],
  });
  model.dispose();
  expect(seen.map(([step]) => step)).toEqual(seen.map((_, i) => 10 * (i + 1)));
  const metrics = ['val/loss', 'val/exchangedLoss', 'val/imageUse'];
  expect(seen[0]![1]).toMatchObject({ 'answers/count': 40, 'answers/accuracy': expect.any(Number) });
  expect(Object.keys(seen[0]![1])).toEqual(expect.arrayContaining(metrics));
  // Nothing is better than all right, so it ends after two more.
  expect(result).toMatchObject({ reason: 'early stopping', best: { name: 'answers/accuracy', value: 1 } });
  expect(result.step).toBe(result.best!.step + 20);
  expect(await storage.best()).toBeDefined();
});

test('what needs evaluations is refused without any, before data are read', () => {
  const check = (change: Partial<RunConfigInput>) => () =>
    checkParts(config({ steps: 1, ...change }), ownParts());
  expect(check({ earlyStopping: { patience: 2 } })).toThrow(
    '"earlyStopping" needs evaluations: give "evaluation.steps"',
  );
  expect(check({ data: { train: { source: 'here' } }, evaluation: { steps: 1 } })).toThrow(
    'no validation pictures; give "data.val" or "data.valShare"',
  );
  expect(check({ evaluation: { evaluators: [{ kind: 'captoin' }] } })).toThrow('did you mean "caption"?');
});
