import { memoryStorage } from '@simvlm/checkpoint';
import { type Example, Random } from '@simvlm/core';
import { arrayDataset, datasetSource, textDataset } from '@simvlm/data';
import { SimVlm } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openTask, ownParts, type RunConfigInput, resolveRunConfig, runTraining, silent } from '../src/index';

beforeAll(() => pickBackend({ prefer: 'wasm' }));
afterEach(() => vi.restoreAllMocks());

/** Pictures of three colours; `isBlind`: one example in twenty has none. */
function pictures(count: number, seed: number, isBlind = false): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => {
    const kind = random.integer(3);
    const data = Uint8Array.from(
      { length: 8 * 8 * 3 },
      (_, c) => (c % 3 === kind ? 150 : 50) + random.integer(100),
    );
    return {
      ...{ id: `${seed}-${i}`, text: 'a picture', fields: { label: ['red', 'green', 'blue'][kind]! } },
      ...(!(isBlind && i % 20 === 7) && { image: { width: 8, height: 8, data } }),
    };
  });
}

const config = (change: Partial<RunConfigInput> = {}) =>
  resolveRunConfig({
    ...{ name: 'probe', task: { kind: 'probe' }, steps: 60 },
    data: { train: { source: 'here' } },
    model: {
      architecture: 'decoder-only',
      ...{ imageSize: 8, width: 32, layers: 1, heads: 2, mlp: 64, maxTextLength: 16 },
      patcher: { kind: 'linear', patchSize: 4 },
    },
    // Variations would show if they were drawn: a probe reads pictures as they are.
    augment: 'crop',
    optimizer: { learningRate: 0.05 },
    batch: { imageText: 16, textOnly: 0 },
    ...change,
  });

const examples = arrayDataset(pictures(120, 1, true));
const data = {
  train: [
    { source: datasetSource(examples, { name: 'here' }), examples, length: examples.length, isDecoded: true },
  ],
  val: arrayDataset(pictures(60, 2)),
  documents: [],
  texts: textDataset([]),
  captions: ['a picture'],
};

const train = (change: Partial<RunConfigInput>, more: Partial<Parameters<typeof runTraining>[0]> = {}) =>
  runTraining({
    ...{ config: config(change), data, registry: ownParts(), reporter: silent },
    readTokenizer: () => expect.fail('no file is read'),
    ...more,
  });

async function weightsOf(storage: ReturnType<typeof memoryStorage>, step: number) {
  const opened = await openTask((await storage.open(step))!, ownParts());
  const { params } = opened.task.learner;
  const weights = new Map(
    [...params].map(([name, value]) => [name, (value as tf.Variable).dataSync().slice()]),
  );
  await opened.dispose();
  return weights;
}

test('a probe learns classes from frozen features; its checkpoint has model and head', async () => {
  const tensors = tf.memory().numTensors;
  const storage = memoryStorage();
  const features = vi.spyOn(SimVlm.prototype, 'features');
  const { model, result } = await train({}, { storage });
  // 114 training pictures, 64 at a time: once, whatever the number of epochs.
  expect(features).toHaveBeenCalledTimes(2);
  expect(result.skipped.reasons.join('\n')).toContain('has no image');
  model.dispose();

  const registry = ownParts();
  const opened = await openTask((await storage.latest())!, registry);
  const subject = { model: opened.model, tokenizer: opened.tokenizer, answer: opened.task.answer! };
  const { metrics } = await registry.get('evaluator', 'labels')(subject, data.val, {});
  expect(metrics.count).toBe(60);
  expect(metrics.accuracy).toBeGreaterThan(0.95);
  expect(opened.task.learner.trainable.names()).toEqual(['probe.weight', 'probe.bias']);
  await opened.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test('it goes on exactly where it stopped, and never moves a weight of the model', async () => {
  const whole = memoryStorage({ keep: { last: 2 } });
  const checkpoints = { steps: 30 };
  (await train({ checkpoints }, { storage: whole })).model.dispose();
  const resumed = memoryStorage();
  const resume = (await whole.open(30))!;
  (await train({ checkpoints }, { storage: resumed, resume })).model.dispose();
  const [middle, end, again] = [
    await weightsOf(whole, 30),
    await weightsOf(whole, 60),
    await weightsOf(resumed, 60),
  ];
  expect(again).toEqual(end);
  const moved = [...end.keys()].filter(name =>
    middle.get(name)!.some((value, i) => value !== end.get(name)![i]),
  );
  expect(moved).toEqual(['probe.weight', 'probe.bias']);
});

test('a run is evaluated while it trains, and chooses its best checkpoint by the validation pictures', async () => {
  const logged: Record<string, number>[] = [];
  const { model, result } = await train(
    { evaluation: { steps: 30 }, steps: 60 },
    { callbacks: () => [{ onEvaluation: (_, results) => void logged.push(results) }] },
  );
  model.dispose();
  expect(logged.length).toBe(2);
  expect(logged[1]!['val/loss']).toBeLessThan(logged[0]!['val/loss']!);
  expect(result.best).toMatchObject({ name: 'labels/accuracy' });
});

test('what is frozen drops nothing, and a label is needed', async () => {
  await expect(train({ regularization: { dropout: 0.1 } })).rejects.toThrow('this one is frozen');
  await expect(train({ task: { kind: 'probe', label: 'colour' } })).rejects.toThrow('has no "colour"');
  await expect(train({ task: { kind: 'probe', classes: 3 } })).rejects.toThrow('"classes"');
});
