import { ParameterTree, type PrefixLmBatch } from '@simvlm/core';
import type { LossOptions, SimVlm } from '@simvlm/model';
import { variableGradients } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { ownRows, type Share } from './rows';

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
 * @param loss options of the loss, or its label smoothing alone; each micro-batch draws from a stream of its own of `random`
 * @param share which of several processes this is: then loss and gradients are of its own rows, divided by the loss tokens of all,
 *   so that those of all processes add up to those of the whole; they are 0 for one without rows
 * @param params what to differentiate by; default: all that the model has to train
 */
export function lossAndGradients(
  model: SimVlm,
  micro: readonly (readonly PrefixLmBatch[])[],
  loss: LossOptions | number,
  share?: Share,
  params = model.trainable,
): LossAndGradients {
  const lossTokens = (parts: readonly PrefixLmBatch[]) =>
    parts.reduce((sum, part) => sum + model.lossTokens(part), 0);
  const counts = micro.map(lossTokens);
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const options = typeof loss === 'number' ? { labelSmoothing: loss } : loss;
  let mean: tf.Scalar | undefined;
  let total: tf.Tensor[] | undefined;
  for (const [i, all] of micro.entries()) {
    const parts = share ? ownRows(all, share) : all;
    if (parts.length === 0) continue;
    const weight = (share ? lossTokens(parts) : counts[i]!) / tokens;
    const drawn = { ...options, ...(options.random && { random: options.random.fork(i) }) };
    const { loss: value, gradients } = gradientsOf(() => scaled(model.loss(parts, drawn), weight), params);
    const list = gradients.values();
    total = total ? added(total, list) : list;
    mean = mean ? (added([mean], [value])[0] as tf.Scalar) : value;
  }
  total ??= params.values().map(variable => tf.zerosLike(variable));
  return {
    loss: mean ?? tf.scalar(0),
    gradients: ParameterTree.from(params.names().map((name, i) => [name, total![i]!])),
    tokens,
  };
}

/**
 * A loss of one's own, such as a classifier's, and its gradients, as `AdamW.apply` takes them. The caller disposes both.
 *
 * @param loss its intermediate tensors are freed
 */
export function gradientsOf(
  loss: () => tf.Scalar,
  params: ParameterTree<tf.Variable>,
): Pick<LossAndGradients, 'loss' | 'gradients'> {
  const { value, grads } = variableGradients(() => tf.tidy(loss), params.values());
  // What a loss does not depend on has no gradient in tfjs: the patcher, in a step of text alone.
  return { loss: value, gradients: params.map(variable => grads[variable.name] ?? tf.zerosLike(variable)) };
}

function scaled(loss: tf.Scalar, weight: number): tf.Scalar {
  return weight === 1 ? loss : loss.mul(weight);
}

function added(a: tf.Tensor[], b: tf.Tensor[]): tf.Tensor[] {
  const sums = a.map((tensor, i) => tf.add(tensor, b[i]!));
  tf.dispose([a, b]);
  return sums;
}
