import { SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { AdamW, layerFactors, resolveTrainConfig } from '../src/index';
import { baseConfig, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

/** How many blocks lie above each parameter, as the power of the factor says. */
function above(architecture: 'encoder-decoder' | 'decoder-only', layers: number) {
  const model = SimVlm.create(tinyConfig({ architecture, layers }), { seed: 1 });
  const factors = layerFactors(model.params.names(), 0.5);
  model.dispose();
  return new Map([...factors].map(([name, factor]) => [name, Math.log2(1 / factor)]));
}

test('the power of the factor counts the blocks above: decoder over encoder over what makes tokens', () => {
  const powers = above('encoder-decoder', 2);
  expect(
    ['decoder.norm.gamma', 'decoder.1.mlp.out.weight', 'decoder.0.cross.key.bias', 'encoder.norm.beta'].map(
      name => powers.get(name),
    ),
  ).toEqual([0, 1, 2, 3]);
  expect(
    [
      'encoder.1.self.relative_bias',
      'encoder.0.self.norm.gamma',
      'embedding.weight',
      'positions.text',
      'patcher.out.bias',
    ].map(name => powers.get(name)),
  ).toEqual([3, 4, 5, 5, 5]);
});

test('decoder-only has one stack; what is no part of the model, a head, is at the top', () => {
  const powers = above('decoder-only', 3);
  expect(powers.get('decoder.2.self.query.weight')).toBe(1);
  expect(powers.get('decoder.0.self.query.weight')).toBe(3);
  expect(powers.get('embedding.weight')).toBe(4);
  expect(layerFactors(['decoder.11.mlp.out.bias', 'head.weight'], 0.5).get('head.weight')).toBe(1);
});

test('a step of each parameter is that of its own learning rate, decay of weights included', async () => {
  const config = { ...resolveTrainConfig(baseConfig), weightDecay: 0.3 };
  const step = async (layerDecay: number, rate: number) => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const optimizer = new AdamW(model.params, { ...config, layerDecay });
    const gradients = model.params.map(variable => tf.fill(variable.shape, 0.01) as tf.Tensor);
    await optimizer.apply(gradients, rate);
    const weights = model.params.map(variable => variable.dataSync().slice());
    tf.dispose(gradients.values());
    optimizer.dispose();
    model.dispose();
    return weights;
  };
  const decayed = await step(0.5, 0.1);
  const factors = layerFactors(decayed.names(), 0.5);
  expect(new Set(factors.values())).toEqual(new Set([1, 0.5, 0.25, 0.125]));
  for (const factor of new Set(factors.values())) {
    const alone = await step(1, 0.1 * factor);
    for (const name of decayed.names().filter(name => factors.get(name) === factor))
      expect(decayed.get(name), name).toEqual(alone.get(name));
  }
});

test('a decay of 1 changes nothing, another one the training', async () => {
  const plain = await run();
  expect((await run({ config: { layerDecay: 1 } })).weights).toEqual(plain.weights);
  const decayed = await run({ config: { layerDecay: 0.7 } });
  expect(decayed.losses[0]).toBe(plain.losses[0]);
  expect(decayed.losses.at(-1)).not.toBe(plain.losses.at(-1));
});

test.each([0, -0.5, 1.1, '1'])('a decay of %j is refused by its name', layerDecay => {
  expect(() => resolveTrainConfig({ ...baseConfig, layerDecay: layerDecay as number })).toThrow(
    '"layerDecay" must be a number above 0 and at most 1',
  );
});
