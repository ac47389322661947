import {
  type Checkpoint,
  type CheckpointStorage,
  memoryCheckpoint,
  memoryStorage,
  readSafetensors,
} from '@simvlm/checkpoint';
import { type BatchSource, CheckpointError, type JsonValue, parameterCount } from '@simvlm/core';
import { SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { AdamW, checkpointTrainerState, resolveTrainConfig, type TrainResult } from '../src/index';
import { dealt, prefixLmRows } from './dealt';
import { memoryGroups } from './memory-group';
import {
  batches,
  errorOf,
  everyCheckpoint,
  type RunOptions,
  run,
  type Trained,
  tinyConfig,
  useBackend,
} from './tiny';

beforeAll(() => useBackend('wasm'));

/** The same training in several processes at once, each with its rows; `of` says what one of them has of its own. */
function together(size: number, of: (rank: number) => RunOptions): Promise<Trained>[] {
  return memoryGroups(size).map(async processGroup => {
    const { batches: whole = batches(), ...options } = of(processGroup.rank);
    const own = whole.share ? whole : dealt(whole, processGroup, prefixLmRows);
    try {
      return await run({ ...options, batches: own, processGroup });
    } finally {
      processGroup.dispose();
    }
  });
}

/** The largest difference between two lists of numbers, and between two models' weights. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
function weightDistance(a: Trained, b: Trained): number {
  const other = readSafetensors(b.weights).tensors;
  return Math.max(
    ...[...readSafetensors(a.weights).tensors].map(([name, { values }]) =>
      distance(values, other.get(name)!.values),
    ),
  );
}

/**
 * Softmax ignores a bias of the keys: its gradient is nothing but rounding, which differs with the order of sums, and which Adam, with
 * an epsilon of 1e-8, divides by its own size.
 */
const epsilon = 1e-6;

describe('a training in several processes', () => {
  // Steps of 3 pairs and 2 documents: of 2 processes one has 3 rows and one 2, of 7 two have none.
  const cases: (Pick<RunOptions, 'config' | 'learner'> & { size: number })[] = [
    { size: 2 },
    { size: 3, config: { accumulate: 2, clip: 0.1 } },
    { size: 7, config: { clip: 0 }, learner: { labelSmoothing: 0.1 } },
    {
      size: 2,
      config: { freeze: ['patcher.*'], layerDecay: 0.8, emaDecay: 0.9 },
      learner: { checkpointBlocks: true },
    },
    // A row drops the same, whichever process has it.
    { size: 2, config: { accumulate: 2 }, learner: { dropout: 0.3, stochasticDepth: 0.3 } },
  ];
  test.each(cases)(
    'equals one process with all rows: $size, $config, $learner',
    async ({ size, config, learner = {} }) => {
      const options = () => ({
        batches: batches({ documents: true, ahead: 2 }),
        learner,
        config: { ...config, epsilon },
      });
      const whole = await run(options());
      const parts = await Promise.all(together(size, options));
      expect(distance(parts[0]!.losses, whole.losses)).toBeLessThan(1e-5);
      for (const part of parts) expect(weightDistance(part, whole)).toBeLessThan(1e-5);
      // All of it is of all rows, and told once.
      const counted = ({ metrics }: Trained) => metrics.map(({ count, rows }) => [count, rows]);
      expect(counted(parts[0]!)).toEqual(counted(whole));
      for (const part of parts.slice(1)) expect(part.metrics).toEqual([]);
    },
  );

  test('begins with the weights of process 0', async () => {
    // The average too begins with these.
    const config = { steps: 3, emaDecay: 0.99 };
    const parts = await Promise.all(together(2, rank => ({ seed: 1 + rank, config })));
    expect(weightDistance(parts[0]!, parts[1]!)).toBe(0);
  });

  test('goes on from a checkpoint of one process, and the other way round', async () => {
    const half = async (processes: number, resume?: Checkpoint) => {
      const storage = memoryStorage();
      const options = (rank = 0) => ({
        batches: batches({ documents: true, share: { rank, size: processes } }),
        ...{ storage, config: { epsilon } },
        ...(resume ? { resume } : { stopAt: 5 }),
      });
      const [first] =
        processes === 1 ? [await run(options())] : await Promise.all(together(processes, options));
      return { first: first!, checkpoint: (await storage.latest())! };
    };
    const whole = await run({ batches: batches({ documents: true }), config: { epsilon } });
    for (const [before, after] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const { checkpoint } = await half(before);
      const { data, ...state } = await checkpointTrainerState(checkpoint);
      expect(state).toMatchObject({ step: 5, rows: 25 });
      expect(data, 'the position of each process').toHaveLength(before);
      expect(weightDistance((await half(after, checkpoint)).first, whole)).toBeLessThan(1e-5);
    }
  });

  test('saves the positions of all processes, and gives each all of them', async () => {
    const { kept, storage } = everyCheckpoint();
    const given: (readonly JsonValue[])[] = [];
    // A text of its own from each, of any length.
    const placed = (rank: number): BatchSource => {
      let taken = 0;
      return {
        ...dealt(batches(), { rank, size: 3 }, prefixLmRows),
        async next() {
          taken++;
          return rank === 1 && taken % 2 === 0 ? [] : batches().next();
        },
        state: () => ({ rank, taken, text: 'ä€'.repeat(rank * taken) }),
        restore(states) {
          given.push(states);
          taken = (states[rank] as { taken: number }).taken;
        },
      };
    };
    const config = { checkpointSteps: 5 };
    const options = (rank: number) => ({ batches: placed(rank), config, ...(rank === 0 && { storage }) });
    await Promise.all(together(3, options));
    const places = (step: number) =>
      [0, 1, 2].map(rank => ({ rank, taken: step, text: 'ä€'.repeat(rank * step) }));
    const saved = await Promise.all(kept.map(files => checkpointTrainerState(memoryCheckpoint(files))));
    expect(saved.map(({ step, data }) => [step, data])).toEqual(
      [5, 10, 12].map(step => [step, places(step)]),
    );
    const resume = memoryCheckpoint(kept[0]!);
    await Promise.all(together(3, rank => ({ batches: placed(rank), config: { steps: 6 }, resume })));
    expect(given).toEqual([places(5), places(5), places(5)]);
  });

  test('tells of the samples that no process could use, each once', async () => {
    const reasons = [['a.png is gone'], ['a.png is gone', 'b.png is empty'], []];
    const results: TrainResult[] = [];
    await Promise.all(
      together(3, rank => ({
        batches: {
          ...dealt(batches(), { rank, size: 3 }, prefixLmRows),
          skipped: () => ({ count: reasons[rank]!.length, draws: 4, reasons: reasons[rank]! }),
        },
        onResult: result => void results.push(result),
      })),
    );
    for (const { skipped } of results)
      expect(skipped).toEqual({ count: 2, draws: 12, reasons: ['a.png is gone', 'b.png is empty'] });
    expect(results).toHaveLength(3);
  });

  describe('whose optimiser is sharded', () => {
    const config = { epsilon, shardOptimizer: true };
    // Among more processes than a bucket has room for, one has no row; the model has more parameters than that.
    test.each([
      { size: 2, change: {} },
      { size: 3, change: { clip: 0.1, layerDecay: 0.8, emaDecay: 0.9, freeze: ['patcher.*'] } },
      { size: 7, change: { accumulate: 2 } },
    ])('gives the same losses and weights to the bit: $size, $change', async ({ size, change }) => {
      const options = (shardOptimizer: boolean) => () => ({
        batches: batches({ documents: true }),
        config: { ...config, ...change, shardOptimizer },
      });
      const whole = await Promise.all(together(size, options(false)));
      const sharded = await Promise.all(together(size, options(true)));
      expect(sharded[0]!.losses).toEqual(whole[0]!.losses);
      for (const [rank, { weights }] of sharded.entries()) expect(weights).toEqual(whole[rank]!.weights);
    });

    test('keeps in each process the moments of its share alone', () => {
      const model = SimVlm.create(tinyConfig());
      const numbers = parameterCount(model.params);
      const bytes = [0, 1, 2, 3].map(rank => {
        const before = tf.memory().numBytes;
        const options = resolveTrainConfig({ learningRate: 1, steps: 1 });
        const optimizer = new AdamW(model.params, options, undefined, { rank, size: 4 });
        const own = tf.memory().numBytes - before;
        optimizer.dispose();
        return own;
      });
      model.dispose();
      expect(bytes.reduce((a, b) => a + b)).toBe(8 * numbers);
      expect(Math.max(...bytes)).toBeLessThan(1.1 * 2 * numbers);
    });

    test('writes checkpoints with all of it, which any number of processes goes on from', async () => {
      const files = async (size: number, shardOptimizer: boolean, resume?: Checkpoint) => {
        const { kept, storage } = everyCheckpoint();
        const options = (rank: number) => ({
          batches: batches({ documents: true }),
          config: { epsilon, shardOptimizer, checkpointSteps: 5 },
          ...(rank === 0 && { storage }),
          ...(resume && { resume }),
        });
        await Promise.all(together(size, options));
        return kept;
      };
      const [whole, sharded] = [await files(3, false), await files(3, true)];
      expect(sharded).toHaveLength(3);
      const moments = (each: ReadonlyMap<string, Uint8Array>) => each.get('optimizer.safetensors');
      expect(sharded.map(moments)).toEqual(whole.map(moments));
      expect(moments(sharded[0]!)!.length).toBeGreaterThan(0);
      for (const [size, isSharded] of [
        [2, true],
        [1, false],
        [4, true],
      ] as const) {
        const resumed = await files(size, isSharded, memoryCheckpoint(sharded[0]!));
        const [a, b] = [resumed.at(-1)!, whole.at(-1)!].map(each => readSafetensors(moments(each)!).tensors);
        for (const [name, { values }] of a!)
          expect(distance(values, b!.get(name)!.values), name).toBeLessThan(1e-5);
      }
    });

    test('loses no training to a disk that is full in process 0', async () => {
      const warnings: string[] = [];
      const storage: CheckpointStorage = {
        save: (step: number) =>
          step < 12 ? Promise.reject(new CheckpointError('DISK_WRITE', 'no space')) : Promise.resolve(),
        latest: async () => undefined,
        best: async () => undefined,
        open: async () => undefined,
      };
      const callbacks = [{ onWarning: ({ message }: Error) => void warnings.push(message) }];
      const parts = await Promise.all(
        together(2, rank => ({
          callbacks,
          config: { ...config, checkpointSteps: 5 },
          ...(rank === 0 && { storage }),
        })),
      );
      expect(warnings).toEqual(['no space', 'no space']);
      expect(weightDistance(parts[0]!, parts[1]!)).toBe(0);
    });
  });

  test('process 0 alone writes checkpoints', async () => {
    const storages = [memoryStorage(), memoryStorage()];
    await Promise.all(together(2, rank => ({ storage: storages[rank]!, config: { checkpointSteps: 5 } })));
    expect(storages.map(({ steps }) => steps)).toEqual([[5, 10, 12], []]);
  });

  test('a signal to one stops all after the same step', async () => {
    const stop = new AbortController();
    const storage = memoryStorage();
    const callbacks = [{ onStep: ({ step }: { step: number }) => void (step === 4 && stop.abort()) }];
    // The signal is that of process 1, and comes when process 0 tells of its fourth step.
    await Promise.all(
      together(2, rank => ({ storage, callbacks, ...(rank === 1 && { signal: stop.signal }) })),
    );
    expect(storage.steps).toHaveLength(1);
    expect([4, 5]).toContain(storage.steps[0]);
  });

  test('the time is that of process 0', async () => {
    const config = { steps: undefined, minutes: 0.002, warmup: 40 } as never;
    const parts = await Promise.all(together(2, () => ({ config })));
    expect(parts[0]!.metrics.length).toBeGreaterThan(0);
    expect(weightDistance(parts[0]!, parts[1]!)).toBe(0);
  });

  test('holds as many tensors after each step, and none afterwards', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const callbacks = [{ onStep: () => void counts.push(tf.memory().numTensors) }];
    await Promise.all(together(2, () => ({ callbacks, config: { steps: 30 } })));
    expect(Math.max(...counts.slice(5))).toBe(Math.max(...counts.slice(20)));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what does not fit is an error in every process', () => {
  const failures = async (of: (rank: number) => RunOptions) => {
    const before = tf.memory().numTensors;
    const errors = await Promise.all(together(2, of).map(errorOf));
    await new Promise(resolve => setTimeout(resolve, 1));
    expect(tf.memory().numTensors).toBe(before);
    return errors;
  };

  test('another configuration', async () => {
    for (const error of await failures(rank => ({ config: { learningRate: 0.01 * (1 + rank) } })))
      expect(error).toMatchObject({
        ...{ name: 'ConfigError', code: 'CONFIG_INVALID' },
        message: expect.stringMatching(
          /^process 1 has another training or model configuration than process 0/,
        ),
      });
  });

  test('recorded steps whose optimiser is sharded', async () => {
    for (const error of await failures(() => ({ config: { captureSteps: true, shardOptimizer: true } })))
      expect(error.message).toMatch(/^train config: "captureSteps" and "shardOptimizer" exclude each other/);
  });

  test('other options of the learner', async () => {
    for (const error of await failures(rank => ({ learner: { dropout: 0.1 * rank } })))
      expect(error.message).toMatch(/^process 1 has another training or model configuration/);
  });

  test('another model', async () => {
    for (const error of await failures(rank => ({ model: { layers: 1 + rank } })))
      expect(error.message).toMatch(/^process 1 has another training or model configuration/);
  });

  test('another checkpoint', async () => {
    const storage = memoryStorage();
    await run({ storage, stopAt: 3 });
    const resume = (await storage.latest())!;
    for (const error of await failures(rank => (rank === 0 ? {} : { resume })))
      expect(error.message).toMatch(/^process 1 goes on from step 3 and process 0 from step 0/);
  });

  test('other data', async () => {
    for (const error of await failures(rank => ({ batches: { ...batches(), identity: `folder ${rank}` } })))
      expect(error).toMatchObject({
        ...{ name: 'DataError', code: 'DATA_INVALID' },
        message: 'process 1 reads other data than process 0: the data must be the same for all',
      });
  });

  test('the part of another process', async () => {
    const share = { rank: 0, size: 2 };
    for (const error of await failures(() => ({ batches: dealt(batches(), share, prefixLmRows) })))
      expect(error).toMatchObject({
        ...{ name: 'ConfigError', code: 'CONFIG_INVALID' },
        message: 'process 1 of 2 reads what is for process 0 of 2: open its batches with its own share',
      });
  });

  test('a loss that is no number', async () => {
    for (const error of await failures(() => ({ config: { learningRate: 1e30, clip: 0, warmup: 1 } })))
      expect(error.code).toBe('TRAINING_DIVERGED');
  });

  test('one that ended', async () => {
    const errors = await failures(rank => ({
      batches:
        rank === 0 ? batches() : { ...batches(), next: () => Promise.reject(new Error('its disk is gone')) },
    }));
    expect(errors.map(({ message }) => message)).toEqual(['another process has left', 'its disk is gone']);
  });
});
