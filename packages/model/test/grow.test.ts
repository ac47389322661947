import { readSafetensors, type SafeTensor, storedShape, writeSafetensors } from '@simvlm/checkpoint';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { growWeights, modelParameters, SimVlm, type SimVlmConfig } from '../src/index';
import { livelyModel, lossAndGradients, tinyBatch, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

/** A conv stage of so many channels; groups of two channels in the stem and four in the stages, whatever their number. */
function patcher(times: number, blocks = 1) {
  const stage = (channels: number, stride: number) => ({ blocks, channels: times * channels, stride });
  return {
    kind: 'conv',
    stem: { kernel: 3, stride: 2, channels: 8 * times, pool: false },
    stages: [stage(16, 1), stage(32, 2)],
    groups: 4 * times,
  };
}
const config = (times: number, blocks = 1): SimVlmConfig =>
  tinyConfig({ imageSize: 8, patcher: patcher(times, blocks) });

const batch = () =>
  tinyBatch([
    { prefix: 0, text: [7, 9, 4] },
    { prefix: 1, text: [5, 6] },
  ]);

async function weightsOf(model: SimVlm): Promise<Map<string, SafeTensor>> {
  return new Map(readSafetensors(await model.saveWeights()).tensors);
}

function modelOf(config: SimVlmConfig, weights: ReadonlyMap<string, SafeTensor>): SimVlm {
  const model = SimVlm.create(config, { init: 'zeros' });
  model.loadWeights(writeSafetensors(weights));
  return model;
}

describe('a larger patcher', () => {
  test.each([
    ['twice as wide', config(2)],
    ['three times as wide', config(3)],
    ['twice as deep', config(1, 2)],
    ['wider and deeper', config(2, 3)],
  ])('%s computes what the smaller one did', async (_, to) => {
    const small = livelyModel({ imageSize: 8, patcher: patcher(1) });
    const large = modelOf(to, growWeights(await weightsOf(small), small.config, to, { seed: 3 }));
    expect(large.params.size).toBeGreaterThanOrEqual(small.params.size);
    const [a, b] = [lossAndGradients(small, batch()), lossAndGradients(large, batch())];
    expect(b.loss).toBeCloseTo(a.loss, 5);
  });

  test('learns by its new channels from the first step on', async () => {
    const small = livelyModel({ imageSize: 8, patcher: patcher(1) });
    const to = config(2);
    const large = modelOf(to, growWeights(await weightsOf(small), small.config, to, { seed: 3 }));
    // From new channels (inputs 8 to 15) to old ones (outputs 0 to 3): zero, and with a gradient.
    const name = 'patcher.stage1.0.conv1.weight';
    const weight = large.params.get(name) as tf.Variable<tf.Rank.R4>;
    expect(weight.shape).toEqual([1, 1, 16, 8]);
    const { grads } = tf.variableGrads(() => large.loss(batch()), [weight]);
    const corner = (x: tf.Tensor) => [...tf.slice(tf.reshape(x, [16, 8]), [8, 0], [8, 4]).dataSync()];
    expect(corner(weight).every(value => value === 0)).toBe(true);
    const gradients = corner(Object.values(grads)[0]!);
    expect(gradients.filter(value => value !== 0).length).toBeGreaterThan(8);
  });

  test('begins the rest as the fresh model of its seed, and leaves the given weights alone', async () => {
    const small = livelyModel({ imageSize: 8, patcher: patcher(1) });
    const weights = await weightsOf(small);
    const before = weights.get('patcher.stem.conv.weight')!.values.slice();
    const to = config(2);
    const grown = growWeights(weights, small.config, to, { seed: 5 });
    const fresh = await weightsOf(SimVlm.create(to, { seed: 5 }));
    const [g, f] = [grown, fresh].map(of => of.get('patcher.stem.conv.weight')!.values) as [
      Float32Array,
      Float32Array,
    ];
    for (let i = 0; i < g.length; i++)
      expect(g[i]).toBe(i % 16 < 8 ? before[Math.floor(i / 16) * 8 + (i % 16)] : f[i]);
    expect(weights.get('patcher.stem.conv.weight')!.values).toEqual(before);
    expect(grown.get('embedding.weight')).toBe(weights.get('embedding.weight'));
  });

  test('of the same size is the same', async () => {
    const weights = await weightsOf(livelyModel({ imageSize: 8, patcher: patcher(1) }));
    expect(growWeights(weights, config(1), config(1))).toEqual(weights);
  });
});

describe('what does not grow', () => {
  const zeros = (config: SimVlmConfig) =>
    new Map(
      [...modelParameters(config)].map(([name, { shape }]) => [
        name,
        { shape, values: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) },
      ]),
    );

  test.each([8, 4] as const)(
    'weights of %i-bit integers are refused by name, but for the same size',
    bits => {
      const integers = (times: number): SimVlmConfig => ({ ...config(times), weights: { bits } });
      const grow = (from: SimVlmConfig, to: SimVlmConfig) => growWeights(new Map(), from, to);
      const refused = `growing: weights of ${bits}-bit integers ("weights") cannot grow`;
      expect(() => grow(integers(1), integers(2))).toThrow(refused);
      expect(() => grow(integers(1), config(2))).toThrow(refused);
      expect(() => grow(config(1), integers(2))).toThrow(refused);
      const weights = new Map(
        [...modelParameters(integers(1))].map(([name, spec]) => {
          const shape = storedShape(spec);
          return [
            name,
            { shape, values: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) },
          ];
        }),
      );
      expect(growWeights(weights, integers(1), integers(1))).toEqual(weights);
    },
  );

  test.each([
    [
      'a narrower patcher',
      config(2),
      config(1),
      '"patcher.stem.conv.weight" cannot grow from [3,3,3,16] to [3,3,3,8]',
    ],
    ['fewer blocks', config(1, 2), config(1), 'the new model has no "patcher.stage1.1.conv1.weight"'],
    [
      'another kernel',
      config(1),
      tinyConfig({ patcher: { ...patcher(1), stem: { ...patcher(1).stem, kernel: 5 } } }),
      '"patcher.stem.conv.weight" cannot grow from [3,3,3,8] to [5,5,3,8]',
    ],
    ['a wider model', config(1), { ...config(1), width: 32 }, 'cannot grow from [32,16] to [32,32]'],
    ['a longer text', config(1), { ...config(1), maxTextLength: 12 }, 'only a patcher grows'],
  ])('%s is refused', (_, from, to, message) => {
    const grow = () => growWeights(zeros(from), from, to as SimVlmConfig);
    if (message.startsWith('cannot grow')) expect(grow).toThrow('only a patcher grows');
    else expect(grow).toThrow(message);
  });
});
