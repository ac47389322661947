import { type AttentionMask, type CachePlace, createAttention, type KeysValues } from '@simvlm/attention';
import type { ParameterScope } from '@simvlm/core';
import { layerNorm, linearMap, type NormParameters } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { type Drop, keepAll } from './finetune/drop';

type Scope = ParameterScope<tf.Tensor>;

export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  readonly mlp: number;
  /** Grid of the image tokens at the head of the sequence, where there are any. */
  readonly grid?: { readonly height: number; readonly width: number };
}

/** Layer norm with `gamma` [D] of ones and `beta` [D] of zeros. */
export function norm(scope: Scope, width: number): Norm {
  const gamma = scope.param('gamma', [width], { kind: 'ones' });
  const beta = scope.param('beta', [width], { kind: 'zeros' });
  return Object.assign((x: tf.Tensor) => layerNorm(x, gamma, beta), { of: { gamma, beta } });
}

/** A layer norm, and what it is made of. */
export type Norm = ((x: tf.Tensor) => tf.Tensor) & { readonly of: NormParameters };

/** x → x + W2 · GELU(W1 · norm(x)). */
function mlp(scope: Scope, { width, mlp: hidden }: BlockOptions) {
  const normed = norm(scope.scope('norm'), width);
  const init = { kind: 'truncated-normal', std: 0.02 } as const;
  const first = linearMap(scope.scope('hidden'), {
    ...{ inputs: width, outputs: hidden, init },
    activation: 'gelu',
  });
  const second = linearMap(scope.scope('out'), { inputs: hidden, outputs: width, init });
  return {
    run: (x: tf.Tensor, drop: Drop) => tf.add(x, drop(second(first(normed(x))), 'mlp')),
    cached: (x: tf.Tensor) => second.decode(first.decode(x, { norm: normed.of }), { residual: x }),
  };
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
      feed.run(tf.add(x, drop(attention.self(normed(x), mask, image), 'self')), drop),
    tail(x, from, mask, drop = keepAll) {
      const rest = (all: tf.Tensor) =>
        tf.slice(all, [0, from, 0], [all.shape[0]!, all.shape[1]! - from, options.width]);
      const h = normed(x);
      const seen = attention.cross(rest(h), attention.project(h), { ...mask, offset: from });
      return feed.run(tf.add(rest(x), drop(seen, 'self')), drop);
    },
    cached: (x, place, mask, image) =>
      feed.cached(attention.cached(x, place, mask, { norm: normed.of, residual: x }, image)),
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
  return {
    projectMemory: memory => cross.project(memory),
    run(x, mask, memory, crossMask, drop = keepAll) {
      const h = tf.add(x, drop(self.self(selfNorm(x), mask), 'self'));
      return feed.run(tf.add(h, drop(cross.cross(crossNorm(h), memory, crossMask), 'cross')), drop);
    },
    cached(x, place, mask, memory, crossMask) {
      const h = self.cached(x, place, mask, { norm: selfNorm.of, residual: x });
      return feed.cached(cross.cachedCross(h, memory, crossMask, { norm: crossNorm.of, residual: h }));
    },
  };
}
