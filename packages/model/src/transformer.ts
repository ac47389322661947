import { type AttentionMask, createAttention, type KeysValues, type KvCache } from '@simvlm/attention';
import type { ParameterScope } from '@simvlm/core';
import { layerNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';

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
function mlp(scope: Scope, { width, mlp: hidden }: BlockOptions): Layer {
  const normed = norm(scope.scope('norm'), width);
  const declare = (name: string, inputs: number, outputs: number) => {
    const part = scope.scope(name);
    const weight = part.param('weight', [inputs, outputs], { kind: 'truncated-normal', std: 0.02 });
    return { weight, bias: part.param('bias', [outputs], { kind: 'zeros' }) };
  };
  const first = declare('hidden', width, hidden);
  const second = declare('out', hidden, width);
  return x => {
    const h = linear(normed(x), first.weight, first.bias, { activation: 'gelu' });
    return tf.add(x, linear(h, second.weight, second.bias));
  };
}

/** A pre-layer-norm block of self-attention and MLP: the encoder's, and the decoder-only stack's. */
export interface SelfBlock {
  /** x `[B, T, D]`; `image`: the sequence begins with image tokens. */
  run(x: tf.Tensor, mask: AttentionMask, image: boolean): tf.Tensor;
  /** What `run` gives for the tokens from `from` on, `[B, T − from, D]`, when nobody needs the image tokens before them. */
  tail(x: tf.Tensor, from: number, mask: AttentionMask): tf.Tensor;
  /** New tokens x `[B, Tn, D]`, written to the cache first. */
  cached(x: tf.Tensor, place: CachePlace, mask: AttentionMask, image: boolean): tf.Tensor;
}

export function selfBlock(scope: Scope, options: BlockOptions): SelfBlock {
  const normed = norm(scope.scope('self.norm'), options.width);
  const attention = createAttention(scope.scope('self'), options);
  const feed = mlp(scope.scope('mlp'), options);
  return {
    run: (x, mask, image) => feed(tf.add(x, attention.self(normed(x), mask, image))),
    tail(x, from, mask) {
      const rest = (all: tf.Tensor) =>
        tf.slice(all, [0, from, 0], [all.shape[0]!, all.shape[1]! - from, options.width]);
      const h = normed(x);
      return feed(tf.add(rest(x), attention.cross(rest(h), attention.project(h), { ...mask, offset: from })));
    },
    cached: (x, { cache, positions }, mask, image) =>
      feed(tf.add(x, attention.cached(normed(x), cache, positions, mask, image))),
  };
}

/** The decoder's block: causal self-attention, cross-attention to the memory, MLP; a layer norm of its own before each. */
export interface CrossBlock {
  /** Keys and values of the memory `[B, M, D]`, made once for all decoding steps. */
  projectMemory(memory: tf.Tensor): KeysValues;
  run(x: tf.Tensor, self: AttentionMask, memory: KeysValues, cross: AttentionMask): tf.Tensor;
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
  const rest = (x: tf.Tensor, memory: KeysValues, mask: AttentionMask) =>
    feed(tf.add(x, cross.cross(crossNorm(x), memory, mask)));
  return {
    projectMemory: memory => cross.project(memory),
    run: (x, mask, memory, crossMask) => rest(tf.add(x, self.self(selfNorm(x), mask)), memory, crossMask),
    cached: (x, { cache, positions }, mask, memory, crossMask) =>
      rest(tf.add(x, self.cached(selfNorm(x), cache, positions, mask)), memory, crossMask),
  };
}
