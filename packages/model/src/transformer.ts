import { type AttentionMask, createAttention, type KeysValues, type KvCache } from '@simvlm/attention';
import type { ParameterScope } from '@simvlm/core';
import { layerNorm, linearMap } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { type Drop, keepAll } from './finetune/drop';

type Scope = ParameterScope<tf.Tensor>;
type Layer = (x: tf.Tensor) => tf.Tensor;

export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  readonly mlp: number;
  /** Grid of the image tokens at the head of the sequence, where there are any. */
  readonly grid?: { readonly height: number; readonly width: number };
}

/** Where cached decoding writes: `positions` int32[B]. */
export interface CachePlace {
  readonly cache: KvCache;
  readonly positions: tf.Tensor1D;
}

/** Layer norm with `gamma` [D] of ones and `beta` [D] of zeros. */
export function norm(scope: Scope, width: number): Layer {
  const gamma = scope.param('gamma', [width], { kind: 'ones' });
  const beta = scope.param('beta', [width], { kind: 'zeros' });
  return x => layerNorm(x, gamma, beta);
}

/** x → x + W2 · GELU(W1 · norm(x)). */
function mlp(scope: Scope, { width, mlp: hidden }: BlockOptions): (x: tf.Tensor, drop: Drop) => tf.Tensor {
  const normed = norm(scope.scope('norm'), width);
  const init = { kind: 'truncated-normal', std: 0.02 } as const;
  const first = linearMap(scope.scope('hidden'), {
    ...{ inputs: width, outputs: hidden, init },
    activation: 'gelu',
  });
  const second = linearMap(scope.scope('out'), { inputs: hidden, outputs: width, init });
  return (x, drop) => tf.add(x, drop(second(first(normed(x))), 'mlp'));
}

/** A pre-layer-norm block of self-attention and MLP: the encoder's, and the decoder-only stack's. */
export interface SelfBlock {
  /** x `[B, T, D]`; `image`: the sequence begins with image tokens; `drop`: in training, what is left of a branch. */
  run(x: tf.Tensor, mask: AttentionMask, image: boolean, drop?: Drop): tf.Tensor;
  /** What `run` gives for the tokens from `from` on, `[B, T − from, D]`, when nobody needs the image tokens before them. */
  tail(x: tf.Tensor, from: number, mask: AttentionMask, drop?: Drop): tf.Tensor;
  /** New tokens x `[B, Tn, D]`, written to the cache first. */
  cached(x: tf.Tensor, place: CachePlace, mask: AttentionMask, image: boolean): tf.Tensor;
}

export function selfBlock(scope: Scope, options: BlockOptions): SelfBlock {
  const normed = norm(scope.scope('self.norm'), options.width);
  const attention = createAttention(scope.scope('self'), options);
  const feed = mlp(scope.scope('mlp'), options);
  return {
    run: (x, mask, image, drop = keepAll) =>
      feed(tf.add(x, drop(attention.self(normed(x), mask, image), 'self')), drop),
    tail(x, from, mask, drop = keepAll) {
      const rest = (all: tf.Tensor) =>
        tf.slice(all, [0, from, 0], [all.shape[0]!, all.shape[1]! - from, options.width]);
      const h = normed(x);
      const seen = attention.cross(rest(h), attention.project(h), { ...mask, offset: from });
      return feed(tf.add(rest(x), drop(seen, 'self')), drop);
    },
    cached: (x, { cache, positions }, mask, image) =>
      feed(tf.add(x, attention.cached(normed(x), cache, positions, mask, image)), keepAll),
  };
}

/** The decoder's block: causal self-attention, cross-attention to the memory, MLP; a layer norm of its own before each. */
export interface CrossBlock {
  /** Keys and values of the memory `[B, M, D]`, made once for all decoding steps. */
  projectMemory(memory: tf.Tensor): KeysValues;
  run(x: tf.Tensor, self: AttentionMask, memory: KeysValues, cross: AttentionMask, drop?: Drop): tf.Tensor;
  cached(
    x: tf.Tensor,
    place: CachePlace,
    self: AttentionMask,
    memory: KeysValues,
    cross: AttentionMask,
  ): tf.Tensor;
}

export function crossBlock(scope: Scope, options: BlockOptions): CrossBlock {
  const { width, heads } = options;
  const selfNorm = norm(scope.scope('self.norm'), width);
  const self = createAttention(scope.scope('self'), { width, heads });
  const crossNorm = norm(scope.scope('cross.norm'), width);
  const cross = createAttention(scope.scope('cross'), { width, heads });
  const feed = mlp(scope.scope('mlp'), options);
  const rest = (x: tf.Tensor, memory: KeysValues, mask: AttentionMask, drop: Drop) =>
    feed(tf.add(x, drop(cross.cross(crossNorm(x), memory, mask), 'cross')), drop);
  return {
    projectMemory: memory => cross.project(memory),
    run: (x, mask, memory, crossMask, drop = keepAll) =>
      rest(tf.add(x, drop(self.self(selfNorm(x), mask), 'self')), memory, crossMask, drop),
    cached: (x, { cache, positions }, mask, memory, crossMask) =>
      rest(tf.add(x, self.cached(selfNorm(x), cache, positions, mask)), memory, crossMask, keepAll),
  };
}
