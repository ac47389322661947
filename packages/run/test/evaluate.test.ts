import { memoryStorage } from '@simvlm/checkpoint';
import { type Evaluator, type Example, type JsonValue, Random } from '@simvlm/core';
import { arrayDataset, datasetSource, textDataset } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  datasetSet,
  evaluateCheckpoints,
  type Named,
  type NamedCheckpoint,
  openSet,
  ownParts,
  resolveRunConfig,
  runTraining,
  silent,
} from '../src/index';
import { webPlaces } from '../src/sources/places';

const words = ['day', 'dusk', 'dawn', 'night'];

function pictures(count: number, seed: number): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => {
    const level = random.integer(words.length);
    const data = Uint8Array.from({ length: 8 * 8 * 3 }, () => 30 + 60 * level + random.integer(20));
    return { id: `${seed}-${i}`, text: words[level]!, image: { width: 8, height: 8, data } };
  });
}

const examples = arrayDataset(pictures(24, 2));
const registry = ownParts();
const checkpoints: NamedCheckpoint[] = [];

async function trained(name: string, seed: number, steps = 20): Promise<NamedCheckpoint> {
  const storage = memoryStorage();
  const config = resolveRunConfig({
    ...{ name, seed, steps, data: { train: { source: 'here' } } },
    model: {
      architecture: 'encoder-decoder',
      ...{ imageSize: 8, width: 16, layers: 1, heads: 2, mlp: 32, maxTextLength: 8 },
      patcher: { kind: 'linear', patchSize: 4 },
    },
    optimizer: { learningRate: 0.01 },
    batch: { imageText: 16, textOnly: 0 },
  });
  const train = datasetSource(arrayDataset(pictures(60, 1)), { name: 'here' });
  const data = {
    train: [{ source: train, isDecoded: true }],
    ...{ documents: [], texts: textDataset([]), captions: words },
  };
  const { model } = await runTraining({
    ...{ config, data, registry, reporter: silent, storage },
    readTokenizer: () => expect.fail('no file is read'),
  });
  model.dispose();
  return { name, checkpoint: (await storage.latest())! };
}

beforeAll(async () => {
  await pickBackend({ prefer: 'wasm' });
  for (const seed of [1, 2, 3]) checkpoints.push(await trained(`seed-${seed}`, seed));
  checkpoints.push(await trained('longer', 1, 30));
});

/** What each number comes from is known: it answers with what it was given. */
const echo =
  (metrics: Record<string, number>, ids: readonly string[] = []): Evaluator =>
  async (_, data) => ({ metrics: { ...metrics, count: data.length }, items: ids.map(id => ({ id })) });

const withEvaluator = (name: string, evaluator: Evaluator) =>
  ownParts().use({ name: 'test', setup: own => own.register('evaluator', name, evaluator) });

describe('evaluateCheckpoints', () => {
  it('measures each checkpoint on each set by each evaluator, and leaves no tensor behind', async () => {
    const tensors = tf.memory().numTensors;
    const sets = [datasetSet('a', examples), datasetSet('b', arrayDataset(pictures(10, 3)))];
    const evaluators: Named[] = [{ kind: 'caption' }, { kind: 'choice', choices: 3 }];
    const report = await evaluateCheckpoints(checkpoints.slice(0, 2), { registry, sets, evaluators });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(report.records.map(each => [each.checkpoint, each.source, each.evaluator])).toEqual(
      ['seed-1', 'seed-2'].flatMap(checkpoint =>
        ['a', 'b'].flatMap(source => ['caption', 'choice'].map(kind => [checkpoint, source, kind])),
      ),
    );
    expect(report.records.map(({ metrics }) => metrics.count)).toEqual([24, 24, 10, 10, 24, 24, 10, 10]);
    for (const { metrics, intervals } of report.records)
      for (const [name, { low, high }] of Object.entries(intervals!)) {
        expect(metrics[name]).toBeGreaterThanOrEqual(low);
        expect(metrics[name]).toBeLessThanOrEqual(high);
      }
  });

  it('takes checkpoints that differ in their seed alone as one model, and another as another', async () => {
    const { summary, records } = await evaluateCheckpoints(checkpoints, {
      ...{ registry, sets: [datasetSet('a', examples)], evaluators: [{ kind: 'caption' }] },
    });
    expect(summary.map(({ model, runs }) => [model, runs])).toEqual([
      ['seed-1 (3 seeds)', 3],
      ['longer', 1],
    ]);
    const { mean, values, low, high } = summary[0]!.metrics.wordF1!;
    expect(values).toEqual(records.slice(0, 3).map(({ metrics }) => metrics.wordF1));
    expect(mean).toBeCloseTo((values[0]! + values[1]! + values[2]!) / 3, 12);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    // Student's t of two degrees of freedom.
    expect(high! - mean).toBeCloseTo((4.302_652_73 * deviation) / Math.sqrt(3), 6);
    expect(mean - low!).toBeCloseTo(high! - mean, 12);
    expect(records.map(({ trainingSeed }) => trainingSeed)).toEqual([1, 2, 3, 1]);
  });

  it('keeps two steps of one run apart', async () => {
    const twice = [checkpoints[0]!, { ...checkpoints[0]!, name: 'another step' }];
    const { summary } = await evaluateCheckpoints(twice, { registry, sets: [datasetSet('a', examples)] });
    expect(summary.map(({ model }) => model)).toEqual(['seed-1', 'another step']);
  });

  it('gives seeds to evaluators that draw, and to no others', async () => {
    const { records, summary } = await evaluateCheckpoints([checkpoints[0]!], {
      ...{ registry, sets: [datasetSet('a', examples)], seeds: [4, 5] },
      evaluators: [{ kind: 'caption' }, { kind: 'choice', choices: 3 }],
    });
    expect(records.map(({ evaluator, seed }) => [evaluator, seed])).toEqual([
      ['caption', undefined],
      ['choice', 4],
      ['choice', 5],
    ]);
    expect(summary.map(({ runs }) => runs)).toEqual([1, 2]);
    const candidates = records.slice(1).map(({ items }) => items![0]!.candidates);
    expect(candidates[0]).not.toEqual(candidates[1]);
  });

  it('knows which options make an evaluator draw', () => {
    const draws = (kind: string, options: Record<string, JsonValue> = {}) =>
      registry.get('evaluator', kind).draws?.(options) ?? false;
    expect([draws('prompts'), draws('prompts', { choices: 20 })]).toEqual([false, true]);
    // Of one l2 nothing is chosen on a part that is drawn.
    expect([draws('probe'), draws('probe', { l2: [0.1, 1] }), draws('probe', { l2: [1] })]).toEqual([
      true,
      true,
      false,
    ]);
    expect([draws('shuffled-choice'), draws('caption')]).toEqual([true, false]);
  });

  it('opens other examples for an evaluator', async () => {
    const own = ownParts().use({
      name: 'test',
      setup: parts => parts.register('source', 'same', async () => examples),
    });
    const { records } = await evaluateCheckpoints([checkpoints[0]!], {
      ...{ registry: own, sets: [datasetSet('a', examples)], places: webPlaces },
      evaluators: [{ kind: 'nearest-pixels', train: { source: 'same' } }],
    });
    // Every picture is the nearest to itself.
    expect(records[0]!.metrics).toMatchObject({ exactMatch: 1, count: 24 });
  });

  test.each([
    [{ evaluators: [{ kind: 'capton' }] }, 'no evaluator "capton"'],
    [{ task: { kind: 'clasify' } }, 'no task "clasify"'],
    [{ seeds: [1, 2], evaluators: [{ kind: 'caption' }] }, 'seeds are for evaluators that draw'],
    [{ evaluators: [{ kind: 'nearest-pixels', train: 'x' }] }, 'no other pictures can be opened here'],
    [{ evaluators: [{ kind: 'nearest-pixels' }] }, '"train" must be a source'],
    [
      { sets: [datasetSet('a', examples), datasetSet('a', examples)] },
      'the source a is given twice: once is enough',
    ],
  ])('%o is refused', async (options, message) => {
    const given = { registry, sets: [datasetSet('a', examples)], ...options };
    await expect(evaluateCheckpoints([checkpoints[0]!], given)).rejects.toThrow(message);
  });

  test.each([
    [echo({ score: Number.NaN }), 'the evaluator odd on a: "score" is NaN'],
    [echo({ score: 1 }, ['x', 'y', 'x']), 'the evaluator odd on a: two examples have the id "x"'],
  ])('numbers that are none, and items that cannot be told apart, are no result', async (odd, message) => {
    const given = { registry: withEvaluator('odd', odd), sets: [datasetSet('a', examples)] };
    await expect(
      evaluateCheckpoints([checkpoints[0]!], { ...given, evaluators: [{ kind: 'odd' }] }),
    ).rejects.toThrow(message);
  });

  it('stops with the reason of its signal, whichever evaluation is under way', async () => {
    const controller = new AbortController();
    const stops: Evaluator = async () => {
      controller.abort();
      return { metrics: { count: 1 } };
    };
    const given = { registry: withEvaluator('stops', stops), sets: [datasetSet('a', examples)] };
    const evaluators = [{ kind: 'stops' }, { kind: 'caption' }];
    await expect(
      evaluateCheckpoints(checkpoints, { ...given, evaluators, signal: controller.signal }),
    ).rejects.toThrow(/abort/i);
  });
});

describe('openSet', () => {
  const parts = (splits: readonly string[]) =>
    ownParts().use({
      name: 'test',
      setup: own =>
        own.register('source', 'mixed', async () => {
          const { length, get } = arrayDataset(
            pictures(splits.length, 5).map((each, i) => ({ ...each, fields: { split: splits[i]! } })),
          );
          // Without outlines, so that it is read with its pictures.
          return datasetSource({ length, get }, { name: 'mixed' });
        }),
    });

  it('refuses records of a test split unless they are asked for', async () => {
    const open = { registry: parts(['val', 'test']), places: webPlaces };
    await expect(openSet({ source: 'mixed' }, open)).rejects.toThrow(
      'mixed holds the test split "test", which is read only with --test',
    );
    const { ids } = await openSet({ source: 'mixed' }, { ...open, test: true });
    expect(ids).toEqual(['5-0', '5-1']);
    expect((await openSet({ source: 'mixed' }, { ...open, registry: parts(['val']) })).ids).toHaveLength(1);
  });

  it('is called by what tells it from others', async () => {
    const open = { registry: parts(['val']), places: webPlaces };
    expect((await openSet({ source: 'mixed', split: 'val' }, open)).name).toBe('mixed val');
    expect((await openSet({ source: 'mixed', limit: 3 }, open)).name).toBe('mixed {"limit":3}');
  });
});
