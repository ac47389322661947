import { type MetricValue, memoryCheckpoint, memoryStorage } from '@simvlm/checkpoint';
import { ConfigError, type EvaluationResult, type Metric } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  checkpointTrainerState,
  type Evaluators,
  type TrainResult,
  train,
  validationLoss,
} from '../src/index';
import {
  baseConfig,
  batches,
  errorOf,
  everyCheckpoint,
  type RunOptions,
  run,
  tinyConfig,
  useBackend,
} from './tiny';

beforeAll(() => useBackend('wasm'));

const LOSS: Metric = { name: 'val/loss', better: 'lower' };

/** An evaluator that gives these numbers, by the step. */
function scripted(values: Readonly<Record<number, number>>) {
  const asked: number[] = [];
  const evaluators: Evaluators = {
    val: async step => {
      asked.push(step);
      return { loss: values[step] ?? 9 };
    },
  };
  return { evaluators, asked };
}

async function evaluated(options: RunOptions) {
  const told: [number, EvaluationResult][] = [];
  const onEvaluation = (step: number, results: EvaluationResult) => void told.push([step, results]);
  const trained = await run({ ...options, callbacks: [{ onEvaluation }, ...(options.callbacks ?? [])] });
  return { ...trained, told };
}

describe('evaluation', () => {
  test('comes every so many steps and after the last one, with the name of each evaluator', async () => {
    const { told } = await evaluated({
      config: { steps: 10, evaluateSteps: 4 },
      evaluators: { val: async step => ({ loss: step }), caption: async () => ({ cider: 1, bleu: 2 }) },
    });
    const rest = { 'caption/cider': 1, 'caption/bleu': 2 };
    expect(told).toEqual([4, 8, 10].map(step => [step, { 'val/loss': step, ...rest }]));
  });

  test('comes by time', async () => {
    const { asked, evaluators } = scripted({});
    await run({ config: { steps: 4, evaluateSeconds: 0 }, evaluators });
    expect(asked).toEqual([1, 2, 3, 4]);
  });

  test('comes once at a step, and not after a signal: a resumed run evaluates where the whole one does', async () => {
    const storage = memoryStorage();
    const first = scripted({});
    await run({ storage, stopAt: 8, config: { evaluateSteps: 4 }, evaluators: first.evaluators });
    const second = scripted({});
    const resume = (await storage.latest())!;
    await run({ resume, config: { evaluateSteps: 4 }, evaluators: second.evaluators });
    expect([first.asked, second.asked]).toEqual([[4, 8], [12]]);
  });

  test('that gives up at a signal leaves a checkpoint of the step', async () => {
    const storage = memoryStorage();
    const stop = new AbortController();
    const val = async (_: number, signal?: AbortSignal) => {
      stop.abort();
      signal?.throwIfAborted();
      return {};
    };
    await run({ storage, signal: stop.signal, config: { evaluateSteps: 3 }, evaluators: { val } });
    expect(storage.steps).toEqual([3]);
    expect((await checkpointTrainerState((await storage.latest())!)).evaluation).toEqual({
      step: 0,
      seconds: 0,
    });
  });

  test('changes nothing of the training, also where the average is evaluated', async () => {
    const config = { emaDecay: 0.9, evaluateSteps: 2 };
    const seen: Float32Array[] = [];
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const weight = () => model.params.get('embedding.weight').dataSync().slice() as Float32Array;
    const trained = async (evaluators: Evaluators) =>
      train({
        learner: prefixLmLearner(model),
        batches: batches(),
        config: { ...baseConfig, ...config },
        evaluators,
      });
    await trained({ val: async () => ({ count: seen.push(weight()) }) });
    // After the last step the model has the average, which is what was evaluated.
    expect(seen.at(-1)).toEqual(weight());
    model.dispose();
    const [plain, watched] = [
      await run({ config: { emaDecay: 0.9 } }),
      await run({ config, evaluators: { val: async () => ({}) } }),
    ];
    expect(watched.losses).toEqual(plain.losses);
    expect(watched.weights).toEqual(plain.weights);
  });
});

describe('the best checkpoint', () => {
  const values = { 2: 5, 4: 3, 6: 4, 8: 2, 10: 6, 12: 7 };
  const config = { evaluateSteps: 2, best: LOSS };

  test('is written at each new best, states its value, and is the one that a storage gives', async () => {
    const storage = memoryStorage({ keep: { last: 1, best: true } });
    const { evaluators } = scripted(values);
    await run({ storage, config, evaluators });
    expect(storage.steps).toEqual([2, 4, 8, 12]);
    expect((await checkpointTrainerState((await storage.best())!)).step).toBe(8);
    expect((await checkpointTrainerState((await storage.latest())!)).step).toBe(12);
  });

  test('of a run that is stopped and resumed is that of the whole run', async () => {
    const told: Pick<TrainResult, 'best'>[] = [];
    const stated: (MetricValue | undefined)[] = [];
    const kept = everyCheckpoint();
    const storage = {
      ...kept.storage,
      save: async (...[step, contents, options]: Parameters<typeof kept.storage.save>) => {
        stated.push(options?.metric);
        await kept.storage.save(step, contents);
      },
    };
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const { evaluators } = scripted(values);
    await run({ storage, stopAt: 5, config, evaluators });
    const resume = memoryCheckpoint(kept.kept.at(-1)!);
    const options = {
      learner: prefixLmLearner(model),
      batches: batches(),
      config: { ...baseConfig, ...config },
    };
    told.push(await train({ ...options, evaluators, storage, resume }));
    expect(told[0]!.best).toEqual({ ...LOSS, step: 8, value: 2 });
    // 6 is no new best for it, as the checkpoint knows of 4.
    expect(stated).toEqual([
      { ...LOSS, value: 5 },
      { ...LOSS, value: 3 },
      undefined,
      { ...LOSS, value: 2 },
      { ...LOSS, value: 7 },
    ]);
    model.dispose();
  });

  test('needs a metric that an evaluator gives', async () => {
    const none = await errorOf(run({ config }));
    expect(none).toBeInstanceOf(ConfigError);
    expect(none.message).toMatch(/"best" is by "val\/loss", which is of no evaluator; there are none/);
    const evaluators = { val: async () => ({ accuracy: 1 }) };
    const other = await errorOf(run({ config, evaluators }));
    expect(other.message).toMatch(/"val\/loss", which no evaluator gives; there are val\/accuracy/);
  });
});

describe('early stopping', () => {
  const values = { 2: 5, 4: 3, 6: 4, 8: 3.5, 10: 1, 12: 1 };
  const config = { evaluateSteps: 2, best: LOSS, earlyStopping: { patience: 2 } };

  test('ends the run, says so, and leaves a checkpoint of the end and of the best', async () => {
    const storage = memoryStorage({ keep: { last: 1, best: true } });
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const { evaluators } = scripted(values);
    const result = await train({
      ...{ learner: prefixLmLearner(model), batches: batches(), evaluators, storage },
      config: { ...baseConfig, ...config },
    });
    expect(result).toMatchObject({ reason: 'early stopping', step: 8, best: { step: 4, value: 3 } });
    expect(storage.steps).toEqual([2, 4, 8]);
    expect((await checkpointTrainerState((await storage.best())!)).step).toBe(4);
    model.dispose();
  });

  test('of a run that was stopped and resumed comes at the same step, with the same weights', async () => {
    const whole = await run({ config, evaluators: scripted(values).evaluators });
    for (const stopAt of [3, 6, 7]) {
      const storage = memoryStorage();
      const first = await run({ storage, stopAt, config, evaluators: scripted(values).evaluators });
      const resume = (await storage.latest())!;
      const second = await run({ resume, config, evaluators: scripted(values).evaluators });
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.weights).toEqual(whole.weights);
    }
  });

  test('holds: a run that was ended by it trains no further step when it is resumed', async () => {
    const storage = memoryStorage();
    await run({ storage, config, evaluators: scripted(values).evaluators });
    const resume = (await storage.latest())!;
    const again = await run({ resume, config, evaluators: scripted(values).evaluators });
    expect(again.losses).toEqual([]);
    const patient = { ...config, earlyStopping: { patience: 3 } };
    const more = await run({ resume, config: patient, evaluators: scripted(values).evaluators });
    expect(more.losses.length).toBe(4);
  });

  test('needs a metric', async () => {
    const error = await errorOf(run({ config: { earlyStopping: { patience: 2 } } }));
    expect(error.message).toMatch(/"earlyStopping" needs "best"/);
  });
});

describe('the validation loss', () => {
  const validation = async function* () {
    const source = batches({ documents: true, seed: 3 });
    for (let i = 0; i < 3; i++) yield await source.next();
  };

  test('is the mean over all loss tokens, without dropout or label smoothing, and leaves no tensor', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const noisy = prefixLmLearner(model, { dropout: 0.5, labelSmoothing: 0.3 });
    const before = tf.memory().numTensors;
    const { loss, exchangedLoss } = (await validationLoss(noisy, validation)(1)) as Record<string, number>;
    expect(tf.memory().numTensors).toBe(before);
    let sum = 0;
    let count = 0;
    for await (const parts of validation())
      for (const part of parts) {
        const tokens = model.lossTokens(part);
        const mean = model.loss(part);
        sum += mean.dataSync()[0]! * tokens;
        mean.dispose();
        count += tokens;
      }
    expect(loss).toBeCloseTo(sum / count, 5);
    expect(exchangedLoss).not.toBe(loss);
    model.dispose();
  });

  test('of no data is an error', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const none = validationLoss(prefixLmLearner(model), async function* () {});
    expect((await errorOf(none(1))).message).toMatch(/hold nothing to predict/);
    model.dispose();
  });
});
