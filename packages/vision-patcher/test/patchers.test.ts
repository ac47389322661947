import { ConfigError, declaredParameters, type JsonValue, parameterCount, Registry } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { convPatcher, linearPatcher, visionPlugin, vitPatcher } from '../src/index';
import { noiseImages, noisyParameters } from './fixture';

beforeAll(() => tf.setBackend('cpu'));

const stem = { kernel: 3, stride: 2, channels: 8, pool: false };
const stage = (channels: number, stride: number, blocks = 1) => ({ blocks, channels, stride });
/** Options by number of stages; with total strides of 4, 4, 8 and 16 for images of 32 pixels. */
const variants: [number, Record<string, JsonValue>, number][] = [
  [0, { patchSize: 4 }, 8],
  [2, { stem, stages: [stage(8, 1), stage(16, 2)], groups: 4 }, 8],
  [3, { stem, stages: [stage(8, 1, 2), stage(16, 2), stage(32, 2)], groups: 4 }, 4],
  [4, { stem, stages: [stage(8, 1), stage(16, 2), stage(32, 2), stage(32, 2)], groups: 4 }, 2],
];

describe.each(variants)('a conv patcher of %i stages', (_, options, side) => {
  test('makes the stated grid of tokens of the stated width', () => {
    const patcher = convPatcher(options, { imageSize: 32, width: 12, params: noisyParameters().params });
    expect(patcher.grid).toEqual({ height: side, width: side });
    expect(patcher.patch(noiseImages(2, 32)).shape).toEqual([2, side * side, 12]);
  });

  test('treats every example alone: a neighbour in the batch never changes its tokens', () => {
    const patcher = convPatcher(options, { imageSize: 32, width: 12, params: noisyParameters().params });
    const pair = noiseImages(2, 32);
    const together = patcher.patch(pair).dataSync();
    for (const row of [0, 1]) {
      const alone = patcher.patch(tf.slice(pair, [row, 0, 0, 0], [1, 32, 32, 3])).dataSync();
      const same = together.subarray(row * alone.length, (row + 1) * alone.length);
      expect(Math.max(...same.map((value, i) => Math.abs(value - alone[i]!)))).toBeLessThan(1e-4);
    }
    expect([...together.subarray(0, 12)]).not.toEqual([
      ...together.subarray(together.length / 2, together.length / 2 + 12),
    ]);
  });

  test('keeps no tensor but its result, and each parameter has an effect on it', () => {
    const { tree, params } = noisyParameters();
    const patcher = convPatcher(options, { imageSize: 32, width: 12, params });
    const images = noiseImages(1, 32);
    const before = tf.memory().numTensors;
    patcher.patch(images).dispose();
    expect(tf.memory().numTensors).toBe(before);
    const gradients = tf.grads((...weights: tf.Tensor[]) => {
      const values = [...weights];
      const again = convPatcher(options, {
        imageSize: 32,
        width: 12,
        params: scopeOf(() => values.shift()!),
      });
      return tf.sum(tf.square(again.patch(images)));
    })(tree.values());
    for (const [i, name] of tree.names().entries())
      expect([name, tf.max(tf.abs(gradients[i]!)).dataSync()[0]! > 0]).toEqual([name, true]);
  });
});

/** Hands out given tensors in the order of declaration. */
function scopeOf(next: () => tf.Tensor): ReturnType<typeof noisyParameters>['params'] {
  return { param: next, scope: () => scopeOf(next) };
}

test('tokens are row-major over the grid: a mark in one place shows in its own token', () => {
  for (const [, options, side] of variants.slice(0, 2)) {
    const patcher = convPatcher(options, { imageSize: 32, width: 12, params: noisyParameters().params });
    const cell = 32 / side;
    const mark = tf.buffer([1, 32, 32, 3]);
    for (let y = 0; y < cell; y++) for (let x = 0; x < cell; x++) mark.set(5, 0, cell + y, 5 * cell + x, 0);
    const difference = tf.sub(patcher.patch(mark.toTensor()), patcher.patch(tf.zeros([1, 32, 32, 3])));
    expect(tf.argMax(tf.sum(tf.square(difference), 2), 1).dataSync()[0]).toBe(side + 5);
  }
});

test('a branch is what training leaves of it, block by block; without it a block is its shortcut', () => {
  const options = {
    stem: { kernel: 3, stride: 2, channels: 8, pool: false },
    stages: [
      { blocks: 1, channels: 8, stride: 1 },
      { blocks: 2, channels: 16, stride: 2 },
    ],
  };
  const patcher = convPatcher(options, { imageSize: 32, width: 12, params: noisyParameters().params });
  const images = noiseImages(2, 32);
  const seen: [number, number[]][] = [];
  const kept = patcher.patch(images, (branch, index) => {
    seen.push([index, branch.shape]);
    return branch;
  });
  expect([...kept.dataSync()]).toEqual([...patcher.patch(images).dataSync()]);
  expect(patcher.residualBlocks).toBe(3);
  expect(seen.map(([index]) => index)).toEqual([0, 1, 2]);
  expect(seen.every(([, shape]) => shape.length === 4 && shape[0] === 2)).toBe(true);
  // A row that leaves all branches out: the other row stays as it is.
  const first = tf.tensor4d([0, 1], [2, 1, 1, 1]);
  const half = patcher.patch(images, branch => tf.mul(branch, first));
  const none = patcher.patch(images, branch => tf.zerosLike(branch));
  const row = (tokens: tf.Tensor, b: number) => [...tf.gather(tokens, [b]).dataSync()];
  expect(row(half, 0)).toEqual(row(none, 0));
  expect(row(half, 1)).toEqual(row(kept, 1));
  expect(row(none, 1)).not.toEqual(row(kept, 1));
  expect(
    linearPatcher({}, { imageSize: 32, width: 8, params: noisyParameters().params }).residualBlocks,
  ).toBeUndefined();
});

test('linear patches are the pixels of each square, row-major, times a matrix', () => {
  const { tree, params } = noisyParameters();
  const patcher = linearPatcher({ patchSize: 2 }, { imageSize: 6, width: 5, params });
  const images = noiseImages(2, 6);
  const tokens = patcher.patch(images).dataSync();
  const pixels = images.dataSync();
  const [weight, bias] = [tree.get('out.weight').dataSync(), tree.get('out.bias').dataSync()];
  for (let b = 0, at = 0; b < 2; b++) {
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        for (let d = 0; d < 5; d++, at++) {
          let expected = bias[d]!;
          for (let y = 0; y < 2; y++)
            for (let x = 0; x < 2; x++)
              for (let c = 0; c < 3; c++)
                expected +=
                  pixels[((b * 6 + row * 2 + y) * 6 + column * 2 + x) * 3 + c]! *
                  weight[((y * 2 + x) * 3 + c) * 5 + d]!;
          expect(tokens[at]).toBeCloseTo(expected, 4);
        }
      }
    }
  }
});

test('no stages are linear patches, of 16 pixels unless said otherwise', () => {
  const context = () => ({ imageSize: 32, width: 8, params: noisyParameters().params });
  const images = noiseImages(1, 32);
  expect(convPatcher({}, context()).grid).toEqual({ height: 2, width: 2 });
  expect([...convPatcher({ patchSize: 8, stages: [] }, context()).patch(images).dataSync()]).toEqual([
    ...linearPatcher({ patchSize: 8 }, context()).patch(images).dataSync(),
  ]);
});

test('groups are lowered to what divides the channels, and a large number changes nothing', () => {
  const tokens = (groups: number) => {
    const options = { stem: { ...stem, channels: 6 }, stages: [stage(12, 1), stage(12, 2)], groups };
    return convPatcher(options, { imageSize: 8, width: 4, params: noisyParameters().params })
      .patch(noiseImages(1, 8))
      .dataSync();
  };
  expect(tokens(12)).toEqual(tokens(1000));
  expect(tokens(12)).not.toEqual(tokens(1));
});

test('a block with a fresh last norm starts as its shortcut', () => {
  const specs = declaredParameters(params =>
    convPatcher(variants[2]![1], { imageSize: 32, width: 12, params }),
  );
  const last = specs.names().filter(name => /norm3\.gamma$/.test(name));
  expect(last.length).toBe(4);
  for (const name of last) expect(specs.get(name).init.kind).toBe('zeros');
  expect(specs.get('stage1.0.norm1.gamma').init.kind).toBe('ones');
});

describe('parameters, counted without being allocated', () => {
  const count = (options: Record<string, JsonValue>, imageSize: number, width: number) =>
    parameterCount(
      declaredParameters(params => convPatcher(options, { imageSize, width, params })).filter(
        name => !name.startsWith('out.'),
      ),
    );
  const paper = (blocks: readonly number[]) => ({
    stem: { kernel: 7, stride: 2, channels: 64, pool: true },
    stages: blocks.map((n, i) => stage(256 * 2 ** i, i === 0 ? 1 : 2, n)),
  });

  test('the first three blocks of ResNet-101 have 27.54 million, those of ResNet-152 43.2 million', () => {
    expect(count(paper([3, 4, 23]), 224, 768)).toBe(resnetBlocks([3, 4, 23]));
    expect((count(paper([3, 4, 23]), 224, 768) / 1e6).toFixed(2)).toBe('27.54');
    expect(count(paper([3, 8, 36]), 224, 1024)).toBe(resnetBlocks([3, 8, 36]));
  });

  /** The same by the tables of He et al. (2016): bottlenecks without biases, two numbers a channel for each norm. */
  function resnetBlocks(blocks: readonly number[]): number {
    let total = 49 * 3 * 64 + 2 * 64;
    let from = 64;
    for (const [i, n] of blocks.entries()) {
      const [middle, to] = [64 * 2 ** i, 256 * 2 ** i];
      for (let block = 0; block < n; block++) {
        total += from * middle + 9 * middle * middle + middle * to + 2 * (middle + middle + to);
        if (block === 0) total += from * to + 2 * to;
        from = to;
      }
    }
    return total;
  }

  test('the map to the model’s width adds a matrix and a bias, and linear patches are nothing else', () => {
    const out = (options: Record<string, JsonValue>) =>
      [...declaredParameters(params => convPatcher(options, { imageSize: 224, width: 768, params }))]
        .filter(([name]) => name.startsWith('out.'))
        .map(([name, { shape }]) => [name, ...shape]);
    expect(out(paper([3, 4, 23]))).toEqual([
      ['out.weight', 1024, 768],
      ['out.bias', 768],
    ]);
    expect(out({})).toEqual([
      ['out.weight', 768, 768],
      ['out.bias', 768],
    ]);
    expect(count({}, 224, 768)).toBe(0);
  });
});

describe('an option that makes no patcher is refused by its key', () => {
  const build = (options: Record<string, JsonValue>, imageSize = 32) =>
    convPatcher(options, { imageSize, width: 8, params: noisyParameters().params });
  const stages = [stage(8, 1), stage(16, 2)];
  test.each<[Record<string, JsonValue>, string]>([
    [{ stagse: [] }, 'conv patcher: unknown key "stagse"; allowed: stem, stages, groups, patchSize'],
    [{ stages: 3 }, '"stages" must be a list'],
    [{ stages: [stage(8, 1)] }, 'stages must be 0, 2, 3 or 4, got 1'],
    [{ stages: [...stages, ...stages, ...stages] }, 'stages must be 0, 2, 3 or 4, got 6'],
    [{ stages, groups: 0 }, '"groups" must be an integer ≥ 1'],
    [{ patchSize: 0 }, '"patchSize" must be an integer from 1 to 4096, got 0'],
    [{ stem: { ...stem, kernle: 3 }, stages }, 'conv patcher: stem: unknown key "kernle"'],
    [{ stem: { ...stem, channels: 0 }, stages }, 'conv patcher: stem: "channels" must be'],
    [{ stem: { kernel: 3, channels: 8, pool: true }, stages }, 'conv patcher: stem: "stride" is missing'],
    [
      { stem, stages: [stages[0]!, { channels: 8, stride: 2 }] },
      'conv patcher: stages[1]: "blocks" is missing',
    ],
    [
      { stem, stages: [stages[0]!, { ...stages[1]!, blocks: 1.5 }] },
      'conv patcher: stages[1]: "blocks" must be',
    ],
    [
      { stem, stages: [stages[0]!, { ...stages[1]!, width: 1 }] },
      'conv patcher: stages[1]: unknown key "width"',
    ],
    [{ stem, stages: [stages[0]!, null] }, 'conv patcher: stages[1] must be an object'],
  ])('%j', (options, message) => {
    expect(() => build(options)).toThrow(message);
    expect(() => build(options)).toThrow(ConfigError);
  });

  test('a stride or a patch that does not divide the image', () => {
    expect(() => build({ stem, stages }, 30)).toThrow(
      'a total stride of 4 does not divide the image side 30',
    );
    expect(() => build({ patchSize: 5 })).toThrow('patchSize 5 does not divide the image side 32');
    const linear = () =>
      linearPatcher({ patchSize: 'big' }, { imageSize: 32, width: 8, params: noisyParameters().params });
    expect(linear).toThrow('linear patcher: "patchSize" must be an integer from 1 to 4096, got "big"');
  });
});

test('the patchers are registered by name', () => {
  const registry = new Registry().use(visionPlugin);
  expect(registry.names('patcher')).toEqual(['conv', 'linear', 'vit']);
  expect(registry.get('patcher', 'conv')).toBe(convPatcher);
  expect(registry.get('patcher', 'linear')).toBe(linearPatcher);
  expect(registry.get('patcher', 'vit')).toBe(vitPatcher);
});
