import * as tf from '@tensorflow/tfjs-core';
import { backward, isInsideGradient, withTape } from './tape';

/** Is given a gradient as soon as it is final. The tensor is freed after the call. */
export type GradientReceiver = (variable: tf.Variable, gradient: tf.Tensor) => void;

/**
 * `tf.variableGrads`, which needs less memory: tfjs keeps everything that the forward pass saved, and every gradient on the way, until the
 * last one is there. Here both are freed as soon as the backward pass no longer needs them, so that its memory falls while that of the
 * gradients rises, and linear maps compute no gradient by weights that are not among the variables. The numbers are the same to the bit.
 *
 * @param loss gives a scalar; what it leaves behind is freed
 * @param receive is given each gradient while the backward pass goes on, in the order in which they become final (the last layer's first);
 *   then none is returned
 * @returns the loss and a gradient for each variable that it depends on, by the variable's name; the caller disposes both
 * @throws whatever `loss` throws
 */
export function variableGradients(
  loss: () => tf.Scalar,
  variables: tf.Variable[],
  receive?: GradientReceiver,
): { readonly value: tf.Scalar; readonly grads: Record<string, tf.Tensor> } {
  // The tape of another gradient is still in use.
  if (isInsideGradient()) {
    const { value, grads } = tf.variableGrads(loss, variables);
    if (!receive) return { value, grads };
    for (const variable of variables) if (grads[variable.name]) receive(variable, grads[variable.name]!);
    tf.dispose(grads);
    return { value, grads: {} };
  }
  return withTape(loss, (value, tape) => {
    const grads = tf.tidy(() => {
      const kept: Record<string, tf.Tensor> = {};
      backward(tape, value, tf.onesLike(value), variables, (variable, gradient) => {
        if (receive) {
          receive(variable, gradient);
          gradient.dispose();
        } else kept[variable.name] = gradient;
      });
      return kept;
    });
    return { value, grads };
  });
}
