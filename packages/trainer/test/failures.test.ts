import { type CheckpointStorage, memoryStorage } from '@simvlm/checkpoint';
import { CheckpointError, TrainingError } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { train } from '../src/index';
import { baseConfig, batches, errorOf, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

describe('what goes wrong', () => {
  test('a loss that is no number ends the training, with no checkpoint of it', async () => {
    const storage = memoryStorage();
    const before = tf.memory().numTensors;
    const error = await errorOf(
      run({ storage, config: { learningRate: 1e30, clip: 0, checkpointSteps: 1 } }),
    );
    expect(error).toBeInstanceOf(TrainingError);
    expect(error.code).toBe('TRAINING_DIVERGED');
    expect(error.message).toMatch(
      /^the (loss|gradient norm) of step \d+ is .*; lower the learning rate \(1e\+30\)/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a gradient that is no number ends it as well, before a checkpoint keeps what it did to the weights', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const steep = tf.customGrad(x => ({
      value: tf.zeros([]),
      gradFunc: () => tf.fill((x as tf.Tensor).shape, Number.POSITIVE_INFINITY),
    }));
    const learner = prefixLmLearner(model);
    const spoilt: typeof learner = {
      ...learner,
      loss: (feeds, training) =>
        tf.add(learner.loss(feeds, training), steep(model.params.get('decoder.norm.beta'))),
    };
    const storage = memoryStorage();
    const before = tf.memory().numTensors;
    const error = await errorOf(
      train({ learner: spoilt, batches: batches(), storage, config: { ...baseConfig, checkpointSteps: 1 } }),
    );
    expect(error).toBeInstanceOf(TrainingError);
    expect(error.message).toMatch(/^the gradient norm of step 1 is Infinity/);
    expect(storage.steps).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  /** A storage of which the saves with these numbers fail. */
  function unreliable(failing: readonly number[], error: Error) {
    const saved: number[] = [];
    let count = 0;
    const storage: CheckpointStorage = {
      async save(step) {
        if (failing.includes(++count)) throw error;
        saved.push(step);
      },
      latest: async () => undefined,
      best: async () => undefined,
      open: async () => undefined,
    };
    return { storage, saved };
  }

  test('a checkpoint on the way that cannot be written is a warning, and training goes on', async () => {
    const full = new CheckpointError('DISK_WRITE', 'the disk is full');
    const { storage, saved } = unreliable([1, 2], full);
    const warnings: Error[] = [];
    const { metrics } = await run({
      storage,
      config: { checkpointSteps: 4 },
      callbacks: [{ onWarning: error => void warnings.push(error) }],
    });
    expect(warnings).toEqual([full, full]);
    expect(saved).toEqual([12]);
    expect(metrics.length).toBe(12);
  });

  test('a last checkpoint that cannot be written is an error', async () => {
    const full = new CheckpointError('DISK_WRITE', 'the disk is full');
    expect(await errorOf(run({ storage: unreliable([1], full).storage }))).toBe(full);
  });

  test('an error that is no failed write is not survived', async () => {
    const bug = new TypeError('a bug');
    expect(
      await errorOf(run({ storage: unreliable([1], bug).storage, config: { checkpointSteps: 4 } })),
    ).toBe(bug);
  });

  test('an error of the data or of a callback reaches the caller and frees the optimiser', async () => {
    const before = tf.memory().numTensors;
    const gone = new Error('the folder is gone');
    expect(await errorOf(run({ batches: { ...batches(), next: () => Promise.reject(gone) } }))).toBe(gone);
    expect(await errorOf(run({ callbacks: [{ onStep: () => Promise.reject(gone) }] }))).toBe(gone);
    expect(tf.memory().numTensors).toBe(before);
  });
});
