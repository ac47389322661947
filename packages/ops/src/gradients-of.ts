import * as tf from '@tensorflow/tfjs-core';
import { backward, isInsideGradient, withTape } from './tape';

/**
 * The gradients of a function's result by some of the tensors that it reads, for use in the backward pass of an operation of one's own. As
 * with `variableGradients`, what is kept is freed on the way, and linear maps compute no gradient by weights that are not among `xs`.
 *
 * @param f gives a tensor; what it leaves behind is freed
 * @param dy the gradient by that tensor; stays the caller's
 * @returns for each of `xs` its gradient, which is the caller's, or undefined when the result does not depend on it
 * @throws whatever `f` throws
 */
export function gradientsOf(
  f: () => tf.Tensor,
  xs: readonly tf.Tensor[],
  dy: tf.Tensor,
): (tf.Tensor | undefined)[] {
  return tf.tidy(() => {
    // The tape of another gradient is still in use.
    if (isInsideGradient()) {
      const { grads } = tf.engine().gradients(f, [...xs], dy, true);
      return grads.map(gradient => gradient ?? undefined);
    }
    return withTape(f, (y, tape) => {
      const found = new Map<number, tf.Tensor>();
      backward(tape, y, dy.clone(), xs, ({ id }, gradient) => found.set(id, gradient));
      return xs.map(({ id }) => found.get(id));
    });
  }) as (tf.Tensor | undefined)[];
}
