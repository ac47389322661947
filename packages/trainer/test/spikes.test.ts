import { type Checkpoint, memoryCheckpoint, memoryStorage } from '@simvlm/checkpoint';
import type { BatchSource, JsonValue, PrefixLmBatch, ProcessGroup } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type TrainConfig, type TrainLearner, type TrainResult, train } from '../src/index';
import { dealt, prefixLmRows } from './dealt';
import { memoryGroups } from './memory-group';
import { batches, errorOf, everyCheckpoint, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

/** Batches of which some, by their number from 1 on, are marked; they know their number after a resume. */
function marked(which: readonly number[]): BatchSource {
  const source = batches();
  let number = 0;
  return {
    ...source,
    async next() {
      const parts = await source.next();
      number++;
      return which.includes(number)
        ? parts.map(part => ({ ...part, ids: part.ids.map(() => 'bad') }))
        : parts;
    },
    state: () => ({ number, source: source.state() }),
    restore([state]) {
      const { number: at, source: rest } = state as { number: number; source: JsonValue };
      number = at;
      source.restore([rest]);
    },
  };
}

/** The loss of marked batches is `factor` times what it is. */
function suffering(model: SimVlm, factor: number): TrainLearner<PrefixLmBatch> {
  const learner = prefixLmLearner(model, { dropout: 0.1 });
  return {
    ...learner,
    feeds: (batch, options) => ({
      ...learner.feeds(batch, options),
      factor: { shape: [], values: Float32Array.of(batch.ids.includes('bad') ? factor : 1) },
    }),
    loss: ({ factor, ...feeds }, training) => tf.mul(learner.loss(feeds, training), factor!),
  };
}

interface Options {
  readonly bad?: readonly number[];
  readonly factor?: number;
  readonly config?: Partial<TrainConfig>;
  readonly resume?: Checkpoint;
  /** The signal comes after so many steps of this session. */
  readonly stopAfter?: number;
  readonly source?: BatchSource;
  readonly kept?: ReturnType<typeof everyCheckpoint>;
  readonly processGroup?: ProcessGroup<tf.Tensor>;
}

async function trained({
  bad = [],
  factor = 50,
  config,
  stopAfter,
  resume,
  source,
  kept,
  processGroup,
}: Options) {
  const model = SimVlm.create(tinyConfig(), { seed: 1 });
  const stop = new AbortController();
  const losses: [step: number, loss: number][] = [];
  const weights: Uint8Array[] = [];
  const warnings: string[] = [];
  const rollbacks: number[] = [];
  const { storage, kept: checkpoints } = kept ?? everyCheckpoint();
  let result: TrainResult;
  try {
    result = await train({
      learner: suffering(model, factor),
      batches: processGroup
        ? dealt(source ?? marked(bad), processGroup, prefixLmRows)
        : (source ?? marked(bad)),
      config: { learningRate: 0.01, warmup: 2, steps: 32, emaDecay: 0.5, ...config },
      ...{ storage, signal: stop.signal },
      ...(resume && { resume }),
      ...(processGroup && { processGroup }),
      callbacks: [
        {
          async onStep({ step, loss }) {
            losses.push([step, loss]);
            weights.push(await model.saveWeights());
            if (losses.length === stopAfter) stop.abort();
          },
          onWarning: error => void warnings.push(error.message),
          onRollback: step => void rollbacks.push(step),
        },
      ],
    });
    return { result, losses, weights, warnings, rollbacks, checkpoints, last: await model.saveWeights() };
  } finally {
    model.dispose();
  }
}

describe('a spike that is warned of', () => {
  test('is told, and training goes on', async () => {
    const { warnings, losses, result } = await trained({ bad: [28] });
    expect(warnings[0]).toMatch(
      /^the loss of step 28 is \d+.*, far above the .* of the 27 before it; the training goes on$/,
    );
    expect(losses.length).toBe(32);
    expect(result.spikes).toMatchObject({ skipped: 0, rollbacks: 0 });
    expect(result.spikes.found).toBeGreaterThan(0);
  });

  test('that is no number ends the run', async () => {
    const error = await errorOf(trained({ bad: [3], factor: Number.NaN }));
    expect(error.message).toMatch(
      /^the loss of step 3 is NaN; lower the learning rate \(0.01\) or clip harder$/,
    );
  });
});

describe('a step that is skipped', () => {
  const config = { spikes: { action: 'skip' as const } };

  test.each([50, Number.POSITIVE_INFINITY, Number.NaN])(
    'changes no weight (a loss times %d)',
    async factor => {
      const { weights, losses, result, warnings } = await trained({ bad: [28], factor, config });
      expect(losses.map(([step]) => step)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
      const changed = weights.slice(1).map((each, i) => Buffer.compare(each, weights[i]!) !== 0);
      // The last step has a learning rate of 0.
      expect(changed.slice(0, -1)).toEqual(Array.from({ length: 30 }, (_, i) => i + 2 !== 28));
      expect(result.spikes).toEqual({ found: 1, skipped: 1, rollbacks: 0 });
      expect(warnings).toEqual([expect.stringMatching(/step 28 .*the step is skipped$/)]);
    },
  );

  test('is skipped alike in a run that is stopped and resumed before or after it', async () => {
    const whole = await trained({ bad: [28], config });
    for (const stopAfter of [10, 27, 28]) {
      const first = await trained({ bad: [28], config, stopAfter });
      const resume = memoryCheckpoint(first.checkpoints.at(-1)!);
      const second = await trained({ bad: [28], config, resume });
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.last).toEqual(whole.last);
      expect(second.result.spikes).toEqual(whole.result.spikes);
    }
  });

  test('too often in a row ends the run', async () => {
    const rule = { spikes: { action: 'skip' as const, limit: 3 } };
    const bad = [5, 6, 9, 10, 11, 14, 15, 16, 17];
    const error = await errorOf(trained({ bad, factor: Number.NaN, config: rule }));
    expect(error.message).toMatch(
      /^the loss of step 17 is NaN, and the 3 steps before it were skipped; lower/,
    );
  });

  test('is none that was recorded', async () => {
    const error = await errorOf(trained({ config: { ...config, captureSteps: true } }));
    expect(error.message).toMatch(/"captureSteps" and the action "skip" of "spikes" exclude each other/);
  });
});

describe('a rollback', () => {
  const config = { spikes: { action: 'rollback' as const }, checkpointSteps: 5 };

  test.each([50, Number.NaN])(
    'goes back to the last checkpoint, and on with the data after the spike (a loss times %d)',
    async factor => {
      const { losses, last, rollbacks, result, warnings } = await trained({ bad: [28], factor, config });
      expect(rollbacks).toEqual([25]);
      expect(warnings).toEqual([expect.stringMatching(/step 28 .*; back to the last checkpoint$/)]);
      expect(result.spikes).toEqual({ found: 1, skipped: 0, rollbacks: 1 });
      expect(result.step).toBe(32);
      // The same by hand: to the checkpoint, then from it with batches that begin after the spike.
      const until = await trained({ config, stopAfter: 25 });
      const later = marked([]);
      const resume = memoryCheckpoint(until.checkpoints.at(-1)!);
      const source = { ...later, restore: () => {} };
      for (let i = 0; i < 28; i++) await later.next();
      const after = await trained({ config, resume, source });
      const before = (await trained({ config, stopAfter: 27 })).losses;
      expect(losses).toEqual([...before, ...after.losses]);
      expect(last).toEqual(after.last);
    },
  );

  test('is followed by a resumed run as by the whole one, stopped or killed before it or after it', async () => {
    const whole = await trained({ bad: [28], config });
    expect(whole.losses.map(([step]) => step).slice(24, 30)).toEqual([25, 26, 27, 26, 27, 28]);
    for (const stopAfter of [26, 27, 28, 31]) {
      const kept = everyCheckpoint();
      const first = await trained({ bad: [28], config, stopAfter, kept });
      const resume = memoryCheckpoint(kept.kept.at(-1)!);
      const second = await trained({ bad: [28], config, resume, kept });
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.last).toEqual(whole.last);
      expect(second.result.spikes).toEqual(whole.result.spikes);
    }
    // Killed right after the rollback: the checkpoint of step 25 is all there is.
    const at25 = whole.checkpoints[4]!;
    const again = await trained({ bad: [28], config, resume: memoryCheckpoint(at25) });
    expect(again.rollbacks).toEqual([25]);
    expect(again.losses.slice(2)).toEqual(whole.losses.slice(27));
    expect(again.last).toEqual(whole.last);
  });

  test('too often ends the run, and so does one without a checkpoint or a storage', async () => {
    const rule = { ...config, spikes: { action: 'rollback' as const, limit: 2 } };
    const often = await errorOf(trained({ bad: [8, 9, 10], factor: Number.NaN, config: rule }));
    expect(often.message).toMatch(/^the loss of step 6 is NaN, after 2 rollbacks; lower the learning rate/);
    const early = await errorOf(trained({ bad: [3], factor: Number.NaN, config }));
    expect(early.message).toMatch(
      /back to the last checkpoint, of which there is none yet: .*"checkpointSteps"/,
    );
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const options = { learner: prefixLmLearner(model), batches: batches() };
    const nowhere = await errorOf(train({ ...options, config: { learningRate: 0.1, steps: 1, ...config } }));
    expect(nowhere.message).toMatch(/"rollback" of "spikes" needs checkpoints/);
    model.dispose();
  });

  test('never goes back to what a storage held before the run', async () => {
    const storage = memoryStorage();
    await storage.save(1, new Map([['other', new Uint8Array(1)]]));
    const kept = { storage, kept: [] };
    const error = await errorOf(trained({ bad: [3], factor: Number.NaN, config, kept }));
    expect(error.message).toMatch(/of which there is none yet/);
  });

  test.each([false, true])('of two processes is one of both (moments sharded: %s)', async shardOptimizer => {
    const one = await trained({ bad: [28], config });
    const before = tf.memory().numTensors;
    const parts = await Promise.all(
      memoryGroups(2).map(processGroup =>
        trained({ bad: [28], config: { ...config, shardOptimizer }, processGroup }),
      ),
    );
    expect(tf.memory().numTensors).toBe(before);
    for (const { result, last } of parts) {
      expect(result.spikes).toEqual(one.result.spikes);
      expect(last).toEqual(parts[0]!.last);
    }
    const [first] = parts;
    expect(first!.rollbacks).toEqual([25]);
    expect(first!.losses.map(([step]) => step)).toEqual(one.losses.map(([step]) => step));
    for (const [i, [, loss]] of first!.losses.entries()) expect(loss).toBeCloseTo(one.losses[i]![1], 3);
  });
});
