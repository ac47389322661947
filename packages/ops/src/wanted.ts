/**
 * Which gradients of a node somebody reads: `variableGradients` says it before it asks the node for them, and `differentiable` looks it up, so that
 * none is computed by weights that are not trained. Nodes are known by what they saved, as tfjs hands that on.
 */
import type * as tf from '@tensorflow/tfjs-core';

const wanted = new WeakMap<readonly tf.Tensor[], ReadonlySet<string>>();

/** The names of the node's inputs whose gradients are read. */
export function want(saved: readonly tf.Tensor[], inputs: Iterable<string>): void {
  wanted.set(saved, new Set(inputs));
}

/** Whether somebody reads the gradient by input number `i`; where nobody said, all are read. */
export function isWanted(saved: readonly tf.Tensor[], i: number): boolean {
  return wanted.get(saved)?.has(`${i}`) ?? true;
}
