import type { Example, ExampleDataset } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { neighboursEvaluator } from '../src/evaluators/neighbours';
import { probeEvaluator } from '../src/evaluators/probe';
import { letters, picture, standIn } from './fixture';

/** Examples whose first byte is given, with their class. */
function examples(prefix: string, rows: readonly (readonly [number, string])[]): Example[] {
  return rows.map(([byte, label], i) => ({
    ...{ id: `${prefix}-${i}`, text: '', image: picture(byte) },
    fields: { label, parity: byte % 2 },
  }));
}

/** Vectors at the angle of the first byte in degrees, and of that length. */
const model = Object.assign(standIn({}), {
  features: async (images: Uint8Array) => {
    const count = images.length / 12;
    const angle = (row: number) => (images[row * 12]! * Math.PI) / 180;
    return {
      width: 2,
      values: Float32Array.from({ length: 2 * count }, (_, i) => {
        const of = angle(Math.floor(i / 2));
        return (1 + of) * (i % 2 === 0 ? Math.cos(of) : Math.sin(of));
      }),
    };
  },
});

function subjectOf(train: readonly Example[]) {
  const asked: unknown[] = [];
  const open = async (source: unknown): Promise<ExampleDataset> => {
    asked.push(source);
    return arrayDataset(train);
  };
  return { subject: { model, tokenizer: letters, open }, asked };
}

const train = examples('train', [
  [0, 'red'],
  [4, 'red'],
  [50, 'blue'],
  [54, 'blue'],
  [58, 'blue'],
  [100, 'green'],
]);
const data = arrayDataset(
  examples('val', [
    [2, 'red'],
    [55, 'blue'],
    [70, 'green'],
    [101, 'green'],
  ]),
);

describe('neighbours', () => {
  beforeAll(() => tf.setBackend('cpu'));

  test('the nearest by angle gives the class, whatever the length of the vectors', async () => {
    const { subject, asked } = subjectOf(train);
    const source = { source: 'emoji', split: 'train' };
    const found = await neighboursEvaluator(subject, data, { train: source, k: 1 });
    expect(asked).toEqual([source]);
    expect(found.items).toEqual([
      { id: 'val-0', text: 'red', label: 'red' },
      { id: 'val-1', text: 'blue', label: 'blue' },
      { id: 'val-2', text: 'blue', label: 'green' },
      { id: 'val-3', text: 'green', label: 'green' },
    ]);
    expect(found.metrics).toEqual({ accuracy: 0.75, majority: 0.25, count: 4 });
  });

  test('votes count by similarity: with little of it many far ones outvote a near one, with a sharp temperature they do not', async () => {
    const one = arrayDataset(examples('val', [[96, 'green']]));
    const { subject } = subjectOf(train);
    const ask = async (options: object) =>
      (await neighboursEvaluator(subject, one, { train: 'x', ...options })).items![0]!.text;
    expect(await ask({ k: 4, temperature: 10 })).toBe('blue');
    expect(await ask({ k: 4, temperature: 0.05 })).toBe('green');
    // More neighbours than there are: all vote.
    expect(await ask({ k: 50, temperature: 10 })).toBe('blue');
  });

  test('of equal neighbours the earlier one counts, over the borders of chunks', async () => {
    const many = Array.from({ length: 5000 }, (_, i): [number, string] => [10, i === 0 ? 'first' : 'later']);
    const { subject } = subjectOf(examples('train', many));
    const found = await neighboursEvaluator(subject, arrayDataset(examples('val', [[10, 'first']])), {
      ...{ train: 'x', k: 1 },
    });
    expect(found.metrics.accuracy).toBe(1);
  });

  test('a nearest one in a later chunk is found, too', async () => {
    const many = Array.from({ length: 5000 }, (_, i): [number, string] =>
      i === 4999 ? [90, 'last'] : [i % 80, 'others'],
    );
    const { subject } = subjectOf(examples('train', many));
    const queries = arrayDataset(examples('val', [[91, 'last']]));
    const { metrics } = await neighboursEvaluator(subject, queries, { train: 'x', k: 1 });
    expect(metrics.accuracy).toBe(1);
  });

  test('another field, a limit, intervals, and pixels in place of features', async () => {
    const { subject } = subjectOf(train);
    const options = { train: 'x', k: 1, label: 'parity', limit: 3, pixels: 2 };
    const found = await neighboursEvaluator(subject, data, options, { intervals: true });
    expect(found.metrics.count).toBe(3);
    expect(found.items!.map(({ label }) => label)).toEqual(['0', '1', '0']);
    expect(Object.keys(found.intervals!)).toEqual(['accuracy', 'majority']);
  });

  test('more than five classes have the five likeliest', async () => {
    const many = Array.from({ length: 8 }, (_, i): [number, string] => [10 * i, `c${i}`]);
    const { subject } = subjectOf(examples('train', many));
    const queries = arrayDataset(
      examples('val', [
        [31, 'c5'],
        [31, 'c7'],
      ]),
    );
    const { metrics } = await neighboursEvaluator(subject, queries, { train: 'x', k: 8 });
    expect(metrics).toMatchObject({ accuracy: 0, top5: 0.5 });
  });

  test('says which examples are of an unknown class, shared with the training examples, or of no use', async () => {
    const { subject } = subjectOf([...train, { id: 'odd', text: '', image: picture(1) }]);
    const mixed = arrayDataset([
      ...examples('train', [[1, 'red']]),
      ...examples('val', [[1, 'violet']]),
      { id: 'nameless', text: '', image: picture(1) },
      { id: 'blind', text: '', fields: { label: 'red' } },
    ]);
    const { warnings, skipped, metrics } = await neighboursEvaluator(subject, mixed, { train: 'x', k: 1 });
    expect(metrics).toMatchObject({ accuracy: 0.5, count: 2 });
    expect(skipped).toMatchObject({
      count: 2,
      reasons: ['example "nameless" has no "label"', 'example "blind" has no image'],
    });
    expect(warnings).toEqual([
      '1 of 2 examples are of a class that no training example has, and count as misses',
      '1 of 2 examples have the id of a training example: if they are the same, the numbers say nothing',
      '1 training examples could not be used; the first: example "odd" has no "label"',
    ]);
  });

  test('options that do not fit, nothing to open, nothing that is left, and what is no number are errors', async () => {
    const { subject } = subjectOf(train);
    const ask = (options: object, given: object = subject) =>
      neighboursEvaluator(given as typeof subject, data, options as never);
    await expect(ask({})).rejects.toThrow('the evaluator neighbours needs "train"');
    await expect(ask({ train: 'x', k: 0 })).rejects.toThrow('"k"');
    await expect(ask({ train: 'x', temperature: 0 })).rejects.toThrow('"temperature"');
    await expect(ask({ train: 'x', metric: 'l2' })).rejects.toThrow('"metric"');
    await expect(ask({ train: 'x' }, { model, tokenizer: letters })).rejects.toThrow(
      'none can be opened here',
    );
    await expect(ask({ train: 'x', label: 'colour' })).rejects.toThrow('has no "colour"');
    const broken = {
      ...subject,
      model: { ...model, features: async () => ({ width: 1, values: Float32Array.of(Number.NaN) }) },
    };
    await expect(ask({ train: 'x' }, broken)).rejects.toThrow('the features of "train-0" hold NaN');
  });

  test('an abort gives up, and no tensor is left behind', async () => {
    const { subject } = subjectOf(train);
    const before = tf.memory().numTensors;
    await neighboursEvaluator(subject, data, { train: 'x' });
    await expect(
      neighboursEvaluator(subject, data, { train: 'x' }, { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('probe', () => {
  const rows = (count: number, from: number): [number, string][] =>
    Array.from({ length: count }, (_, i) => [from + ((i * 13) % 40) + 60 * (i % 2), i % 2 ? 'far' : 'near']);
  const { subject } = subjectOf(examples('train', rows(60, 0)));
  const queries = arrayDataset(examples('val', rows(20, 3)));

  test('tells what a line tells apart, with what it has chosen', async () => {
    const done: number[] = [];
    const found = await probeEvaluator(
      subject,
      queries,
      { train: 'x', l2: [1, 0.001] },
      {
        intervals: true,
        onProgress: (at, total) => done.push(at / total),
      },
    );
    expect(found.metrics).toMatchObject({ accuracy: 1, trainAccuracy: 1, count: 20, majority: 0.5 });
    expect([1, 0.001]).toContain(found.metrics.l2);
    expect(found.intervals!.accuracy).toEqual({ low: 1, high: 1 });
    expect(found.items![1]).toEqual({ id: 'val-1', text: 'far', label: 'far' });
    expect(done.at(-1)).toBe(1);
  });

  test('says when it stopped early, and refuses options that do not fit', async () => {
    const early = await probeEvaluator(subject, queries, { train: 'x', l2: [1e-9], iterations: 1 });
    expect(early.warnings).toContain('the probe stopped before its optimum; give more "iterations"');
    await expect(probeEvaluator(subject, queries, { train: 'x', l2: [] })).rejects.toThrow('"l2"');
    await expect(probeEvaluator(subject, queries, { train: 'x', l2: [-1] })).rejects.toThrow('"l2"');
    await expect(probeEvaluator(subject, queries, {})).rejects.toThrow('the evaluator probe needs "train"');
  });
});
