import { memoryStorage } from '@simvlm/checkpoint';
import { ConfigError } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkpointTrainerState, type TrainConfig, train } from '../src/index';
import { baseConfig, batches, errorOf, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

describe('a run', () => {
  test('learns, and reports what it did', async () => {
    const { metrics, losses } = await run({ config: { steps: 80, learningRate: 0.02 } });
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.7);
    expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    expect(metrics[0]).toMatchObject({ rows: 3, totalSteps: 80, learningRate: 0.01 });
    expect(metrics.every(({ gradientNorm, rowsPerSecond }) => gradientNorm > 0 && rowsPerSecond > 0)).toBe(
      true,
    );
    expect(metrics.at(-1)!.learningRate).toBe(0);
  });

  test('uses as many batches a step as it is told to', async () => {
    const [one, two] = [
      await run({ config: { steps: 2 } }),
      await run({ config: { steps: 1, accumulate: 2 } }),
    ];
    expect(two.metrics[0]!.rows).toBe(6);
    expect(two.metrics[0]!.count).toBe(one.metrics[0]!.count + one.metrics[1]!.count);
  });

  test('holds as many tensors after 50 steps as after one, and none afterwards', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const count = { onStep: () => void counts.push(tf.memory().numTensors) };
    const config = { steps: 50, accumulate: 2, checkpointSteps: 10 };
    await run({
      batches: batches({ documents: true }),
      storage: memoryStorage(),
      config,
      callbacks: [count],
    });
    expect(counts.length).toBe(50);
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('trains on documents alone', async () => {
    const { losses } = await run({
      batches: batches({ images: false, documents: true }),
      config: { steps: 60, learningRate: 0.02 },
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test('refuses an unknown key before it does anything', async () => {
    const before = tf.memory().numTensors;
    const error = await errorOf(run({ config: { lr: 1 } as Partial<TrainConfig> }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/unknown key "lr"/);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('waits for its callbacks, in their order', async () => {
    const events: string[] = [];
    const slow = (name: string) => ({
      async onStep({ step }: { step: number }) {
        events.push(`${name} begins ${step}`);
        await new Promise(resolve => setTimeout(resolve, 5));
        events.push(`${name} ends ${step}`);
      },
    });
    await run({ config: { steps: 2 }, callbacks: [slow('a'), slow('b')] });
    expect(events).toEqual(
      [1, 2].flatMap(n => ['a', 'b'].flatMap(name => [`${name} begins ${n}`, `${name} ends ${n}`])),
    );
  });
});

describe('a stop', () => {
  test('comes after the step in progress, with a checkpoint of it', async () => {
    const storage = memoryStorage();
    const { metrics } = await run({ storage, stopAt: 4 });
    expect(metrics.length).toBe(4);
    expect(storage.steps).toEqual([4]);
    expect((await checkpointTrainerState((await storage.latest())!)).step).toBe(4);
  });

  test('is let in between steps when it comes from outside, as a signal of the system does', async () => {
    const stop = new AbortController();
    const model = SimVlm.create(tinyConfig());
    setTimeout(() => stop.abort(), 30);
    const result = await train({
      learner: prefixLmLearner(model),
      batches: batches(),
      config: { ...baseConfig, steps: 500 },
      signal: stop.signal,
    });
    expect(result.reason).toBe('signal');
    model.dispose();
  });

  test('before the first step trains nothing', async () => {
    const model = SimVlm.create(tinyConfig());
    const before = await model.saveWeights();
    const result = await train({
      learner: prefixLmLearner(model),
      batches: batches(),
      config: baseConfig,
      signal: AbortSignal.abort(),
    });
    expect(result).toMatchObject({ step: 0, reason: 'signal', totalSteps: 12 });
    expect(await model.saveWeights()).toEqual(before);
    model.dispose();
  });
});

describe('checkpoints on the way', () => {
  test('by steps, and one at the end', async () => {
    const storage = memoryStorage();
    const told: number[] = [];
    await run({
      storage,
      config: { checkpointSteps: 5 },
      callbacks: [{ onCheckpoint: step => void told.push(step) }],
    });
    expect(storage.steps).toEqual([5, 10, 12]);
    expect(told).toEqual([5, 10, 12]);
  });

  test('by time', async () => {
    const storage = memoryStorage();
    await run({ storage, config: { checkpointSeconds: 0, steps: 3 } });
    expect(storage.steps).toEqual([1, 2, 3]);
  });
});

describe('a run of epochs', () => {
  // 11 pairs, 3 a step: an epoch has 4 steps.
  test.each([
    { epochs: 2, accumulate: 1, steps: 8 },
    { epochs: 0.5, accumulate: 1, steps: 2 },
    { epochs: 2, accumulate: 3, steps: 3 },
  ])(
    '$epochs with $accumulate batches a step has $steps steps, and their schedule',
    async ({ steps, ...epochs }) => {
      const config = { steps: undefined, ...epochs } as never;
      const counted = await run({ config });
      const told = await run({ config: { steps, accumulate: epochs.accumulate } });
      expect(counted.metrics.map(({ learningRate }) => learningRate)).toEqual(
        told.metrics.map(({ learningRate }) => learningRate),
      );
      expect(counted.losses).toEqual(told.losses);
    },
  );

  test('is resumed exactly', async () => {
    const storage = memoryStorage();
    const config = { steps: undefined, epochs: 3 } as never;
    const whole = await run({ config });
    const first = await run({ config, storage, stopAt: 5 });
    const second = await run({ config, resume: storage.files!, seed: 99 });
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
  });

  test('is refused where the batches do not say how long one is', async () => {
    const { stepsPerEpoch: _, ...endless } = batches();
    const error = await errorOf(run({ batches: endless, config: { steps: undefined, epochs: 1 } as never }));
    expect(error.message).toContain('"epochs" needs batches that say how many make an epoch');
  });
});
