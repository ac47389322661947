import { memoryStorage } from '@simvlm/checkpoint';
import { type BatchSource, type ParameterTree, type ProcessGroup, Random } from '@simvlm/core';
import {
  type ClassifierBatch,
  ClassifierHead,
  classifierLearner,
  openSimVlm,
  prefixLmLearner,
  SimVlm,
  type SimVlmConfig,
} from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type TrainConfig, train } from '../src/index';
import { dealt, prefixLmRows } from './dealt';
import { memoryGroups } from './memory-group';
import { errorOf, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const BRIGHT = 4;

/** "Is it bright?" and "is it dark?" of bright and dark pictures: the answer needs both picture and question. */
function rows(count: number, seed: number): ClassifierBatch {
  const random = Random.fromSeed(seed);
  const pixels = new Uint8Array(count * 192);
  const tokens = new Int32Array(count * 3);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const [bright, asked] = [random.integer(2), random.integer(2)];
    for (let i = 0; i < 192; i++) pixels[row * 192 + i] = (bright ? 166 : 38) + random.integer(51);
    tokens.set([6, BRIGHT + asked, 3], row * 3);
    labels[row] = bright === asked ? 1 : 0;
  }
  const batch = {
    ...{ size: count, length: 3, tokens, ids: Array.from(labels, (_, row) => `${seed}-${row}`) },
    ...{ prefixLengths: new Int32Array(count), textLengths: new Int32Array(count).fill(3) },
    images: { side: 8, pixels },
  };
  return { passes: [batch], labels };
}

function questions(size: number): BatchSource<ClassifierBatch> {
  let step = 0;
  return {
    next: async () => [rows(size, step++)],
    state: () => step,
    restore: ([state]) => void (step = state as number),
    skipped: () => ({ count: 0, draws: 0, reasons: [] }),
  };
}

const base: TrainConfig = { learningRate: 0.01, warmup: 0, schedule: 'constant', steps: 12 };

const classifierRows = {
  rows: ({ labels }: ClassifierBatch) => labels.length,
  select: ({ passes, labels }: ClassifierBatch, rows: readonly number[]): ClassifierBatch => ({
    passes: passes.map(batch => prefixLmRows.select(batch, rows)),
    labels: Int32Array.from(rows, row => labels[row]!),
  }),
};

interface Options {
  readonly config?: Partial<TrainConfig>;
  readonly model?: Partial<SimVlmConfig>;
  readonly processGroup?: ProcessGroup<tf.Tensor>;
  readonly use?: (head: ClassifierHead) => Promise<void>;
}

/** Trains a classifier. @returns losses and weights, before and after */
async function run({ config, model: change, processGroup, use }: Options = {}) {
  const model = SimVlm.create(tinyConfig(change), { seed: 1 });
  const head = new ClassifierHead(model, { classes: 2 });
  const learner = classifierLearner(head, { dropout: 0.05 });
  const read = (params: ParameterTree<tf.Variable>) => params.map(variable => variable.dataSync().slice());
  const before = read(learner.params);
  const losses: number[] = [];
  await train({
    ...{ learner, config: { ...base, ...config } },
    batches: processGroup ? dealt(questions(16), processGroup, classifierRows) : questions(16),
    ...(processGroup && { processGroup }),
    callbacks: [{ onStep: ({ loss }) => void losses.push(loss) }],
  });
  const after = read(learner.params);
  await use?.(head);
  const trained = new Set(learner.trainable.names());
  head.dispose();
  model.dispose();
  return { before, after, losses, trained };
}

describe('a classifier', () => {
  test.each<Partial<SimVlmConfig>>([
    { architecture: 'encoder-decoder' },
    { architecture: 'decoder-only' },
    { lora: { rank: 4, targets: ['*'] } },
  ])('%j: learns what needs picture and question', async model => {
    const tensors = tf.memory().numTensors;
    let accuracy = 0;
    const { before, after, trained } = await run({
      ...{ model, config: { steps: 150 } },
      async use(head) {
        const { passes, labels } = rows(100, 777);
        const predicted = await head.predict(passes);
        accuracy = labels.filter((label, row) => predicted[row] === label).length / labels.length;
      },
    });
    expect(accuracy).toBeGreaterThan(0.97);
    expect(after.get('head.weight')).not.toEqual(before.get('head.weight'));
    for (const [name, values] of before)
      if (!trained.has(name)) expect(after.get(name), name).toEqual(values);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test.each<Partial<TrainConfig>>([{}, { accumulate: 2, emaDecay: 0.9, shardOptimizer: true }])(
    'in three processes is that in one, with %j',
    async config => {
      // Softmax ignores a bias of the keys, whose gradient is rounding alone.
      const options = { config: { ...config, epsilon: 1e-6 } };
      const whole = await run(options);
      const parts = await Promise.all(
        memoryGroups(3).map(async processGroup => {
          try {
            return await run({ ...options, processGroup });
          } finally {
            processGroup.dispose();
          }
        }),
      );
      for (const [i, loss] of whole.losses.entries()) expect(parts[0]!.losses[i]).toBeCloseTo(loss, 4);
      for (const { after } of parts)
        for (const [name, values] of after)
          for (const [i, value] of values.entries())
            expect(Math.abs(value - whole.after.get(name)[i]!), name).toBeLessThan(1e-5);
    },
  );

  test('has checkpoints of its own, which another learner refuses', async () => {
    const storage = memoryStorage();
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const head = new ClassifierHead(model, { classes: 2 });
    const config = { ...base, steps: 1 };
    await train({ learner: classifierLearner(head), batches: questions(4), config, storage });
    expect([...storage.files!.keys()]).toEqual(expect.arrayContaining(['model.json', 'classifier.json']));
    const resume = (await storage.latest())!;
    expect((await errorOf(openSimVlm(resume))).message).toContain('is of a classifier, which gives labels');
    const other = new ClassifierHead(model, { classes: 3 });
    const failed = async (learner: ReturnType<typeof classifierLearner>) =>
      (await errorOf(train({ learner, batches: questions(4), config, resume }))).message;
    expect(await failed(classifierLearner(other))).toContain('another model: classifier differ');
    const captions = prefixLmLearner(model) as never;
    expect(await failed(captions)).toContain(
      'another model: its learner is "classifier", this one is "prefix-lm"',
    );
    other.dispose();
    head.dispose();
    model.dispose();
  });
});
