import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { sum } from '../src/cost/cost';
import { convStage, type PassCost, passCost, presets, SimVlm, type SimVlmConfig } from '../src/index';
import { kinds } from './kinds';
import { tinyBatch, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

interface Kernel {
  readonly name: string;
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShapes: readonly (readonly number[])[];
}

const size = (shape: readonly number[] = []) => shape.reduce((product, extent) => product * extent, 1);

/** Operations of the products and convolutions that really ran. */
async function counted(f: () => void): Promise<number> {
  const { kernels } = await tf.profile(() => tf.tidy(f));
  return (kernels as unknown as Kernel[]).reduce(
    (flops, { name, inputShapes: [a, b], outputShapes: [y] }) => {
      if (name === 'BatchMatMul') {
        const batch = size(y!.slice(0, -2));
        return flops + 2 * size(y) * Math.sqrt((size(a) * size(b)) / size(y) / batch);
      }
      return name === 'Conv2D' ? flops + 2 * size(y) * size(b!.slice(0, 3)) : flops;
    },
    0,
  );
}

const bottlenecks: SimVlmConfig['patcher'] = {
  kind: 'conv',
  stem: { kernel: 3, stride: 2, channels: 8, pool: true },
  stages: [
    { blocks: 2, channels: 8, stride: 1 },
    { blocks: 1, channels: 16, stride: 2 },
  ],
  groups: 2,
};

const models: [string, Partial<SimVlmConfig>][] = [
  ['encoder-decoder, linear patches', {}],
  ['decoder-only', { architecture: 'decoder-only' }],
  ['a conv stage', { patcher: bottlenecks, imageSize: 16 }],
  ...Object.entries(kinds),
];

/** A model with a batch whose pictures it reads, and what the configuration says of its pass. */
function passOf(config: SimVlmConfig) {
  const model = SimVlm.create(config, { seed: 1 });
  const rows = [
    { text: [5, 6, 7, 8, 9], prefix: 2 },
    { text: [5, 6, 7, 8], prefix: 1 },
  ];
  const batch = tinyBatch(rows, { side: config.imageSize });
  const { prefixTokens, inputs } = model.inputArrays(batch);
  const shape = { images: true, prefix: prefixTokens?.shape[1] ?? 0, places: inputs!.shape[1]! };
  return { model, batch, cost: passCost(config, shape, true)! };
}

const total = ({ parts }: PassCost) => sum(...Object.values(parts));

test.each(models)('%s: operations are those that really run', async (_, change) => {
  const { model, batch, cost } = passOf(tinyConfig(change));
  expect(batch.size * total(cost).flops).toBe(await counted(() => model.loss(batch)));
  model.dispose();
});

/** Counts the numbers in buffers of tensors; several tensors can share one. */
function buffers() {
  const { tensorInfo } = tf.engine().state as unknown as {
    tensorInfo: Map<object, { readonly shape: number[] }>;
  };
  const own = { set: tensorInfo.set, delete: tensorInfo.delete };
  let count = 0;
  tensorInfo.set = (id, info) => {
    count += size(info.shape);
    return own.set.call(tensorInfo, id, info);
  };
  tensorInfo.delete = id => {
    count -= size(tensorInfo.get(id)?.shape ?? [0]);
    return own.delete.call(tensorInfo, id);
  };
  return { count: () => count, end: () => Object.assign(tensorInfo, own) };
}

test.each([
  ['encoder-decoder', {}],
  ['decoder-only', { architecture: 'decoder-only' }],
  ['a conv stage', { patcher: bottlenecks }],
] as [string, Partial<SimVlmConfig>][])(
  '%s: keeps the numbers for the backward pass that it says, and few others',
  async (_, change) => {
    await useBackend('wasm');
    const live = buffers();
    try {
      const sizes = { imageSize: 32, width: 64, mlp: 256, layers: 4, vocabSize: 200 };
      const { model, batch, cost } = passOf(tinyConfig({ ...sizes, ...change }));
      for (const checkpointBlocks of [false, true]) {
        const before = live.count();
        let kept = 0;
        const { grads, value } = tf.variableGrads(() => {
          const loss = model.loss(batch, { checkpointBlocks });
          kept = live.count() - before;
          return loss;
        });
        tf.dispose([value]);
        tf.dispose(grads);
        const { kept: all } = total(cost);
        const said = batch.size * (checkpointBlocks ? all - cost.blocks.kept + cost.blockInputs : all);
        expect(said / kept).toBeLessThan(1);
        expect(said / kept).toBeGreaterThan(checkpointBlocks ? 0.75 : 0.94);
      }
      model.dispose();
    } finally {
      live.end();
      await useBackend('cpu');
    }
  },
);

test('text alone costs no patcher', async () => {
  const model = SimVlm.create(tinyConfig(), { seed: 1 });
  const batch = tinyBatch([{ text: [5, 6, 7], prefix: 1 }], { images: false });
  const cost = passCost(model.config, { images: false, prefix: 4, places: 4 }, true)!;
  expect(cost.imageTokens).toBe(0);
  expect(total(cost).flops).toBe(await counted(() => model.loss(batch)));
  model.dispose();
});

test('a conv stage of four blocks costs what is published of ResNet-101: 7.80 G multiplications, classifier included', () => {
  const config = { ...presets.base!, vocabSize: 32_000, tokens: { pad: 0, bos: 1, eos: 2 } };
  const shape = { images: true, prefix: 0, places: 16 };
  const whole = passCost({ ...config, patcher: convStage('resnet-101', 4) }, shape, true)!;
  const map = 7 * 7 * 2048 * config.width;
  expect((whole.parts.patcher.flops / 2 - map + 2048 * 1000) / 1e9).toBeCloseTo(7.8, 2);
});

test('nobody counts what a plug-in does', () => {
  const config = tinyConfig({ patcher: { kind: 'of-a-plug-in' } });
  expect(passCost(config, { images: true, prefix: 0, places: 4 }, true)).toBeUndefined();
});
