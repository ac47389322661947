import { type BlockOptions, type Norm, norm } from '@simvlm/attention';
import type { ParameterScope } from '@simvlm/core';
import { collecting } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';

export type Scope = ParameterScope<tf.Tensor>;

/** How every matrix of a model begins. */
export const small = { kind: 'truncated-normal', std: 0.02 } as const;

/** What all blocks of a configuration share. */
export function blockOptions({ width, heads, mlp, block }: SimVlmConfig): BlockOptions {
  return { width, heads, mlp, ...block };
}

/** The blocks of a stack, each with the parameters that it declares under `name.I`. */
export function stackOf<B>(scope: Scope, name: string, layers: number, make: (scope: Scope) => B) {
  return Array.from({ length: layers }, (_, i) => {
    const params: tf.Tensor[] = [];
    return { name: `${name}.${i}`, block: make(collecting(scope.scope(`${name}.${i}`), params)), params };
  });
}

/** The layer norm behind a stack, where the blocks themselves do not end with one. */
export function finalNorm(scope: Scope, { width, block = {} }: SimVlmConfig): Norm | undefined {
  return block.norm === 'after' ? undefined : norm(scope, width, block.epsilon);
}

/** The newest token of each row sees all that its row has cached, itself included. */
export function everythingCached(places: tf.Tensor1D) {
  const lengths = plus(places, 1);
  return { keyLengths: lengths, prefixLengths: lengths };
}

/** Integers, such as `int32[B]` lengths, each more by `n`. */
export function plus<T extends tf.Tensor>(lengths: T, n: number): T {
  return tf.add(lengths, tf.scalar(n, 'int32'));
}
