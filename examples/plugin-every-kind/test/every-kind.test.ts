import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declaredParameters, type ExampleDataset, Random, Registry } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import plugin from '../src/index';

const registry = new Registry().use(plugin);
const context = { imageSize: 32, width: 16 };
const patcher = (options: Record<string, number> = {}) =>
  registry.get('patcher', 'overlapping')(options, {
    ...context,
    params: { param: (_, shape) => tf.ones([...shape]), scope: () => expect.fail('no scope is needed') },
  });

test('it has a part of every kind', () => {
  const kinds = ['source', 'patcher', 'objective', 'task', 'evaluator', 'callback', 'backend'] as const;
  for (const kind of kinds) expect(registry.names(kind), kind).toHaveLength(1);
});

test('the patcher makes a token every `stride` pixels, of the width that the model asks for', () => {
  const { grid, patch } = patcher({ stride: 4, channels: 6 });
  expect(grid).toEqual({ height: 8, width: 8 });
  expect((patch(tf.zeros([3, 32, 32, 3])) as tf.Tensor).shape).toEqual([3, 64, 16]);
});

test('its parameters are declared by name and can be counted without being allocated', () => {
  const factory = registry.get('patcher', 'overlapping');
  const specs = declaredParameters(params => factory({ stride: 4, channels: 6 }, { ...context, params }));
  expect(specs.names()).toEqual(['filter', 'norm.gamma', 'norm.beta', 'out.weight', 'out.bias']);
  expect(specs.get('filter').shape).toEqual([8, 8, 3, 6]);
});

test('wrong options are refused by their key', () => {
  expect(() => patcher({ strid: 4 })).toThrow(
    'overlapping patcher: unknown key "strid"; allowed: stride, channels',
  );
  expect(() => patcher({ stride: 5 })).toThrow('stride 5 does not divide image side 32');
});

test('the drawings of two seeds are not the same', async () => {
  const drawn = async (seed: number) => {
    const dataset = (await registry.get('source', 'shapes')({ count: 200, seed })) as ExampleDataset;
    const examples = await Promise.all(Array.from({ length: dataset.length }, (_, i) => dataset.get(i)));
    return examples.map(({ image }) => image!.data.join());
  };
  const seen = new Set(await drawn(1));
  expect((await drawn(2)).filter(picture => seen.has(picture)).length).toBeLessThan(10);
});

test('the objective predicts the share of the tokens that it is told', () => {
  const tokenizer = undefined as never;
  const lengths = [0, 0.5, 1].map(share => {
    const objective = registry.get('objective', 'tail')({ share }, { tokenizer, maxTextLength: 8 });
    const tokens = Int32Array.from([5, 6, 7, 3]);
    return objective(Random.fromSeed(0), { tokens, hasImage: true }).prefixLength;
  });
  expect(lengths).toEqual([3, 2, 0]);
});

test('the callback writes a line every so many steps', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loss-table-'));
  const file = join(folder, 'losses.csv');
  const made = { model: undefined, tokenizer: undefined as never };
  const { onStep } = await registry.get('callback', 'loss-table')({ file, every: 2 }, made);
  for (const step of [1, 2, 3, 4]) await onStep?.({ step, loss: step / 2 } as Parameters<typeof onStep>[0]);
  expect(readFileSync(file, 'utf8')).toBe('2,1\n4,2\n');
  rmSync(folder, { recursive: true });
});
