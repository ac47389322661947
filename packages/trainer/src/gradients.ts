import { ParameterTree, type PrefixLmBatch } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs';

export interface LossAndGradients {
  /** Mean loss over the loss tokens of all batches, in nats; a scalar the caller disposes. */
  readonly loss: tf.Scalar;
  /** By parameter name; the caller disposes them. */
  readonly gradients: ParameterTree<tf.Tensor>;
  /** Loss tokens. */
  readonly tokens: number;
}

/**
 * The loss of one step and its gradients. Several micro-batches give what one large batch of all their rows would give: each
 * counts by its loss tokens.
 *
 * @param micro for each micro-batch its parts (image-text, text-only)
 */
export function lossAndGradients(
  model: SimVlm,
  micro: readonly (readonly PrefixLmBatch[])[],
  labelSmoothing: number,
): LossAndGradients {
  const counts = micro.map(parts => parts.reduce((sum, part) => sum + model.lossTokens(part), 0));
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const variables = model.params.values();
  let loss: tf.Scalar | undefined;
  let total: tf.Tensor[] | undefined;
  for (const [i, parts] of micro.entries()) {
    const share = counts[i]! / tokens;
    const { value, grads } = tf.variableGrads(
      () => tf.tidy(() => scaled(model.loss(parts, { labelSmoothing }), share)),
      variables,
    );
    // What a loss does not depend on has no gradient in tfjs: the patcher, in a step of text alone.
    const list = variables.map(variable => grads[variable.name] ?? tf.zerosLike(variable));
    total = total ? added(total, list) : list;
    loss = loss ? (added([loss], [value])[0] as tf.Scalar) : value;
  }
  return {
    loss: loss!,
    gradients: ParameterTree.from(model.params.names().map((name, i) => [name, total![i]!])),
    tokens,
  };
}

function scaled(loss: tf.Scalar, share: number): tf.Scalar {
  return share === 1 ? loss : loss.mul(share);
}

function added(a: tf.Tensor[], b: tf.Tensor[]): tf.Tensor[] {
  const sums = a.map((tensor, i) => tf.add(tensor, b[i]!));
  tf.dispose([a, b]);
  return sums;
}
