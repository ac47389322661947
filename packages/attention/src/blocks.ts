import type { ParameterScope } from '@simvlm/core';
import { type Activation, layerNorm, linearMap, type NormParameters } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import {
  type AttentionMask,
  type CachePlace,
  createAttention,
  type KeysValues,
} from './multi-head-attention';

type Scope = ParameterScope<tf.Tensor>;

/** What is left of a residual branch `[B, …]` in training; each sublayer of a block has a name. */
export type Drop = (branch: tf.Tensor, sublayer: string) => tf.Tensor;

export const keepAll: Drop = branch => branch;

/** What blocks are made of. */
export interface BlockForm {
  /**
   * Where the layer norms stand. Default `before`.
   *
   * ```
   * before   x + f(norm(x))       GPT-2, ViT, SimVLM
   * after    norm(x + f(x))       BERT, GIT, BLIP
   * ```
   */
  readonly norm?: 'before' | 'after';
  /** Of the layer norms; default 1e-6. */
  readonly epsilon?: number;
  /** Of the MLP; default `gelu`. */
  readonly activation?: Activation;
}

export interface BlockOptions extends BlockForm {
  /** D */
  readonly width: number;
  readonly heads: number;
  /** Width of the MLP's hidden layer. */
  readonly mlp: number;
  /** Grid of the image tokens at the head of the sequence, where they get a 2-D relative bias. */
  readonly grid?: { readonly height: number; readonly width: number };
  /** Width of the memory that a block with cross-attention reads; default D. */
  readonly memoryWidth?: number;
}

/** A layer norm, and what it is made of. */
export type Norm = ((x: tf.Tensor) => tf.Tensor) & { readonly of: NormParameters };

/** Layer norm with `gamma` [D] of ones and `beta` [D] of zeros. */
export function norm(scope: Scope, width: number, epsilon?: number): Norm {
  const gamma = scope.param('gamma', [width], { kind: 'ones' });
  const beta = scope.param('beta', [width], { kind: 'zeros' });
  const of = { gamma, beta, ...(epsilon !== undefined && { epsilon }) };
  return Object.assign((x: tf.Tensor) => layerNorm(x, gamma, beta, of), { of });
}

/** What stands between a sublayer and the residual stream: one layer norm, before or after. */
interface Joint {
  /** What the sublayer reads. */
  before(x: tf.Tensor): tf.Tensor;
  /** x and what is left of the sublayer's branch. */
  join(x: tf.Tensor, branch: tf.Tensor): tf.Tensor;
  /** As one step of decoding: `f` gets the norm before it, if there is one, and the residual. */
  cached(
    x: tf.Tensor,
    f: (x: tf.Tensor, around: { norm?: NormParameters; residual: tf.Tensor }) => tf.Tensor,
  ): tf.Tensor;
}

function joint(scope: Scope, { width, norm: place = 'before', epsilon }: BlockOptions): Joint {
  const normed = norm(scope, width, epsilon);
  return place === 'before'
    ? {
        before: normed,
        join: (x, branch) => tf.add(x, branch),
        cached: (x, f) => f(x, { norm: normed.of, residual: x }),
      }
    : {
        before: x => x,
        join: (x, branch) => normed(tf.add(x, branch)),
        cached: (x, f) => normed(f(x, { residual: x })),
      };
}

/** W2 · activation(W1 · x), joined to the stream. */
function mlp(scope: Scope, options: BlockOptions) {
  const { width, mlp: hidden, activation = 'gelu' } = options;
  const stream = joint(scope.scope('norm'), options);
  const init = { kind: 'truncated-normal', std: 0.02 } as const;
  const first = linearMap(scope.scope('hidden'), { inputs: width, outputs: hidden, init, activation });
  const second = linearMap(scope.scope('out'), { inputs: hidden, outputs: width, init });
  return {
    run: (x: tf.Tensor, drop: Drop) => stream.join(x, drop(second(first(stream.before(x))), 'mlp')),
    cached: (x: tf.Tensor) =>
      stream.cached(x, (h, { norm: before, residual }) =>
        second.decode(first.decode(h, { norm: before }), { residual }),
      ),
  };
}

/** A block of self-attention and MLP: an encoder's, and the one of a decoder-only stack. */
export interface SelfBlock {
  /** x `[B, T, D]`; `image`: the sequence begins with image tokens; `drop`: in training, what is left of a branch. */
  run(x: tf.Tensor, mask: AttentionMask, image: boolean, drop?: Drop): tf.Tensor;
  /** What `run` gives for the tokens from `from` on, `[B, T − from, D]`, when nobody needs the image tokens before them. */
  tail(x: tf.Tensor, from: number, mask: AttentionMask, drop?: Drop): tf.Tensor;
  /** New tokens x `[B, Tn, D]`, written to the cache first. */
  cached(x: tf.Tensor, place: CachePlace, mask: AttentionMask, image: boolean): tf.Tensor;
  /** What `cached` gives for the tokens from `from` on of a sequence that begins at the cache's start: of the others only keys and values. */
  cachedTail(x: tf.Tensor, from: number, place: CachePlace, mask: AttentionMask): tf.Tensor;
}

/** Declares `self.norm`, `self`, `mlp.norm`, `mlp.hidden` and `mlp.out`. */
export function selfBlock(scope: Scope, options: BlockOptions): SelfBlock {
  const stream = joint(scope.scope('self.norm'), options);
  const attention = createAttention(scope.scope('self'), options);
  const feed = mlp(scope.scope('mlp'), options);
  const tail = (
    x: tf.Tensor,
    from: number,
    mask: AttentionMask,
    drop: Drop,
    seenOf: (all: KeysValues) => KeysValues,
  ) => {
    const rest = (all: tf.Tensor) =>
      tf.slice(all, [0, from, 0], [all.shape[0]!, all.shape[1]! - from, options.width]);
    const h = stream.before(x);
    const seen = attention.cross(rest(h), seenOf(attention.project(h)), { ...mask, offset: from });
    return feed.run(stream.join(rest(x), drop(seen, 'self')), drop);
  };
  return {
    run: (x, mask, image, drop = keepAll) =>
      feed.run(stream.join(x, drop(attention.self(stream.before(x), mask, image), 'self')), drop),
    tail: (x, from, mask, drop = keepAll) => tail(x, from, mask, drop, all => all),
    cachedTail: (x, from, { cache, positions }, mask) =>
      tail(x, from, mask, keepAll, ({ k, v }) => {
        cache.write(k, v, positions);
        return cache;
      }),
    cached: (x, place, mask, image) =>
      feed.cached(stream.cached(x, (h, around) => attention.cached(h, place, mask, around, image))),
  };
}

/** A block of self-attention, cross-attention to a memory, and MLP: a decoder's, and that of a text encoder which looks at a picture. */
export interface CrossBlock {
  /** Keys and values of the memory `[B, M, memoryWidth]`, made once for all decoding steps. */
  projectMemory(memory: tf.Tensor): KeysValues;
  run(x: tf.Tensor, self: AttentionMask, memory: KeysValues, cross: AttentionMask, drop?: Drop): tf.Tensor;
  /** New tokens x `[B, Tn, D]`, written to the cache first. */
  cached(
    x: tf.Tensor,
    place: CachePlace,
    self: AttentionMask,
    memory: KeysValues,
    cross: AttentionMask,
  ): tf.Tensor;
}

/** Declares what `selfBlock` does, and `cross.norm` and `cross`. */
export function crossBlock(scope: Scope, options: BlockOptions): CrossBlock {
  const { width, heads, memoryWidth = width } = options;
  const selfStream = joint(scope.scope('self.norm'), options);
  const self = createAttention(scope.scope('self'), { width, heads });
  const crossStream = joint(scope.scope('cross.norm'), options);
  const cross = createAttention(scope.scope('cross'), { width, heads, memoryWidth });
  const feed = mlp(scope.scope('mlp'), options);
  return {
    projectMemory: memory => cross.project(memory),
    run(x, mask, memory, crossMask, drop = keepAll) {
      const h = selfStream.join(x, drop(self.self(selfStream.before(x), mask), 'self'));
      const seen = cross.cross(crossStream.before(h), memory, crossMask);
      return feed.run(crossStream.join(h, drop(seen, 'cross')), drop);
    },
    cached(x, place, mask, memory, crossMask) {
      const h = selfStream.cached(x, (read, around) => self.cached(read, place, mask, around));
      return feed.cached(
        crossStream.cached(h, (read, around) => cross.cachedCross(read, memory, crossMask, around)),
      );
    },
  };
}
