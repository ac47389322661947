import { ConfigError, type JsonValue, parameterCount } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { vitPatcher } from '../src/index';
import { noiseImages, noisyParameters } from './fixture';

beforeAll(() => tf.setBackend('cpu'));

const small = { patchSize: 4, width: 12, layers: 2, heads: 3, mlp: 20 };
const all = {
  ...small,
  normBefore: true,
  projection: 'linear-norm',
  activation: 'quick-gelu',
  epsilon: 1e-5,
};
const build = (options: Record<string, JsonValue>, imageSize = 8, params = noisyParameters().params) =>
  vitPatcher(options, { imageSize, width: 16, params });

test.each([
  [small, 12],
  [all, 16],
  [{ ...small, projection: 'linear' }, 16],
])('%j makes a class token and a token for each patch', (options, width) => {
  const patcher = build(options);
  expect(patcher).toMatchObject({ grid: { height: 2, width: 2 }, extraTokens: 1, width, residualBlocks: 2 });
  expect(patcher.patch(noiseImages(3, 8)).shape).toEqual([3, 5, width]);
});

test('the weights are those of the options, by name and shape', () => {
  const names = (options: Record<string, JsonValue>) => {
    const { tree, params } = noisyParameters();
    build(options, 8, params);
    const outside = tree.names().filter(name => !name.startsWith('blocks.'));
    return outside.map(name => `${name} ${tree.get(name).shape}`);
  };
  expect(names(all)).toEqual([
    'patch.weight 48,12',
    'patch.bias 12',
    'class_token 12',
    'positions 5,12',
    'norm_before.gamma 12',
    'norm_before.beta 12',
    'norm_after.gamma 12',
    'norm_after.beta 12',
    'out.weight 12,16',
    'out.bias 16',
    'out_norm.gamma 16',
    'out_norm.beta 16',
  ]);
  expect(names({ ...small, patchBias: false, normAfter: false })).toEqual([
    'patch.weight 48,12',
    'class_token 12',
    'positions 5,12',
  ]);
});

test('ViT-B/16 without its head has the 85,798,656 parameters that its authors count', () => {
  const { tree, params } = noisyParameters();
  const base = { patchSize: 16, width: 768, layers: 1, heads: 12, mlp: 3072 };
  build(base, 224, params);
  const block = parameterCount(tree.filter(name => name.startsWith('blocks.')));
  expect(parameterCount(tree) + 11 * block).toBe(85_798_656);
});

test('every example is read alone, nothing is left behind, and each weight has a gradient', () => {
  const { tree, params } = noisyParameters();
  const patcher = build(all, 8, params);
  const pair = noiseImages(2, 8);
  const together = patcher.patch(pair).dataSync();
  const before = tf.memory().numTensors;
  const alone = patcher.patch(tf.slice(pair, [1, 0, 0, 0], [1, 8, 8, 3])).dataSync();
  expect(Math.max(...alone.map((value, i) => Math.abs(value - together[80 + i]!)))).toBeLessThan(1e-5);
  patcher.patch(pair).dispose();
  expect(tf.memory().numTensors).toBe(before + 2);
  const grads = tf.grads((...weights: tf.Tensor[]) => {
    const again = build(all, 8, noisyOf(tree.names(), weights));
    return tf.sum(tf.square(again.patch(pair)));
  })(tree.values());
  // A bias of keys shifts all scores of a query alike.
  for (const [i, name] of tree.names().entries())
    if (!name.endsWith('key.bias'))
      expect(tf.max(tf.abs(grads[i]!)).dataSync()[0], name).toBeGreaterThan(1e-4);
});

/** A scope that gives these weights. */
function noisyOf(names: readonly string[], weights: readonly tf.Tensor[], prefix = ''): never {
  return {
    param: (name: string) => weights[names.indexOf(prefix + name)],
    scope: (name: string) => noisyOf(names, weights, `${prefix}${name}.`),
  } as never;
}

test('training may leave out a branch of a block by its name', () => {
  const patcher = build(small);
  const images = noiseImages(1, 8);
  const seen: string[] = [];
  const kept = patcher.patch(images, (branch, index, name) => {
    seen.push(`${index}.${name}`);
    return branch;
  });
  expect(seen).toEqual(['0.self', '0.mlp', '1.self', '1.mlp']);
  expect([...kept.dataSync()]).toEqual([...patcher.patch(images).dataSync()]);
  const without = patcher.patch(images, branch => tf.zerosLike(branch));
  // The class token alone, as nothing is left that mixes tokens.
  const other = patcher.patch(noiseImages(1, 8, 5), branch => tf.zerosLike(branch));
  expect([...without.dataSync().subarray(0, 12)]).toEqual([...other.dataSync().subarray(0, 12)]);
  expect([...without.dataSync().subarray(12)]).not.toEqual([...other.dataSync().subarray(12)]);
});

test('a block is computed as it is asked, with all its parameters named', () => {
  const { tree, params } = noisyParameters();
  const patcher = build(small, 8, params);
  const images = noiseImages(1, 8);
  const named: number[] = [];
  const asked = patcher.patch(
    images,
    branch => tf.mul(branch, 0.5),
    (f, x, own) => {
      named.push(own.length);
      // Computed twice, and without what training leaves out.
      f(x).dispose();
      return f(x);
    },
  );
  const each = tree.names().filter(name => name.startsWith('blocks.0.')).length;
  expect(named).toEqual([each, each]);
  expect([...asked.dataSync()]).toEqual([...patcher.patch(images).dataSync()]);
});

describe('an option that makes no patcher is refused by its key', () => {
  test.each<[Record<string, JsonValue>, string]>([
    [{ ...small, depth: 2 }, 'vit patcher: unknown key "depth"'],
    [{ patchSize: 4, width: 12, heads: 3, mlp: 20 }, 'vit patcher: "layers" is missing'],
    [{ ...small, layers: 0 }, 'vit patcher: "layers" must be an integer from 1 to 1000, got 0'],
    [{ ...small, projection: 'norm' }, 'vit patcher: "projection" must be'],
    [{ ...small, activation: 'relu' }, 'vit patcher: "activation" must be'],
    [{ ...small, heads: 5 }, '5 heads do not divide width 12'],
    [{ ...small, patchSize: 3 }, 'vit patcher: patchSize 3 does not divide the image side 8'],
  ])('%j', (options, message) => {
    expect(() => build(options)).toThrow(message);
    expect(() => build(options)).toThrow(ConfigError);
  });
});
