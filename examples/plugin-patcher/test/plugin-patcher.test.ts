import { declaredParameters, Registry } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { overlappingPatcher } from '../src/overlapping-patcher';
import { shapeExamples } from '../src/shapes';
import { trainAndCaption } from '../src/train-and-caption';

const context = { imageSize: 32, width: 16 };
const patcher = (options: Record<string, number> = {}) =>
  new Registry().use(overlappingPatcher).get('patcher', 'overlapping')(options, {
    ...context,
    params: { param: (_, shape) => tf.ones([...shape]), scope: () => expect.fail('no scope is needed') },
  });

test('the plug-in registers the patcher "overlapping", beside others or instead of them', () => {
  const registry = new Registry().use(overlappingPatcher);
  expect(registry.names('patcher')).toEqual(['overlapping']);
});

test('it makes a token every `stride` pixels, of the width that the model asks for', () => {
  const { grid, patch } = patcher({ stride: 4, channels: 6 });
  expect(grid).toEqual({ height: 8, width: 8 });
  expect((patch(tf.zeros([3, 32, 32, 3])) as tf.Tensor).shape).toEqual([3, 64, 16]);
});

test('its parameters are declared by name and can be counted without being allocated', () => {
  const factory = new Registry().use(overlappingPatcher).get('patcher', 'overlapping');
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

test('the drawings of two seeds are not the same', () => {
  const seen = new Set(shapeExamples(200, 1).map(({ image }) => image!.data.join()));
  const repeated = shapeExamples(200, 2).filter(({ image }) => seen.has(image!.data.join()));
  expect(repeated.length).toBeLessThan(10);
});

test('a SimVLM with the plug-in’s patcher learns to caption drawings that it has not seen', async () => {
  const { backend, losses, captions, parameterNames } = await trainAndCaption({ steps: 160, seed: 1 });
  expect(backend).toMatch(/^wasm/);
  expect(parameterNames).toEqual(
    expect.arrayContaining(
      ['filter', 'norm.gamma', 'norm.beta', 'out.weight', 'out.bias'].map(name => `patcher.${name}`),
    ),
  );
  const last = losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10;
  expect(losses.length).toBe(160);
  // A model that does not look gets no better than log(4 · 3) nats over the four tokens of a caption: 0.62.
  expect(losses[0]).toBeGreaterThan(2);
  expect(last).toBeLessThan(0.2);
  const right = captions.filter(({ truth, text }) => text === truth).length;
  expect(captions.length).toBe(60);
  expect(right / captions.length).toBeGreaterThan(0.8); // guessing gets 1 in 12
});
