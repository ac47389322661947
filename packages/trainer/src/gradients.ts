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
 * @param params what to differentiate by; default: all that the model has to train
 */
export function lossAndGradients(
  model: SimVlm,
  micro: readonly (readonly PrefixLmBatch[])[],
  loss: LossOptions | number,
  params = model.trainable,
): LossAndGradients {
  const { losses, tokens } = microLosses(model, micro, loss);
  let mean: tf.Scalar | undefined;
  let total: tf.Tensor[] | undefined;
  for (const each of losses) {
    const { loss: value, gradients } = gradientsOf(each, params);
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

/** The part of one of several processes, whose gradients are given away while they are computed. */
export interface StreamedGradients {
  /** Which process this is: loss and gradients are of its own rows. */
  readonly share: Share;
  /** Is given each gradient once, as soon as it is final; it is freed after the call. One that is 0 may be left out. */
  readonly receive: (name: string, gradient: tf.Tensor) => void;
}

/**
 * `lossAndGradients` of the rows of one of several processes, divided by the loss tokens of all, so that what the processes give adds up
 * to loss and gradients of the whole; both are 0 for one without rows.
 *
 * @returns the loss of its own rows, which the caller disposes, and the loss tokens of all
 */
export function streamGradients(
  model: SimVlm,
  micro: readonly (readonly PrefixLmBatch[])[],
  loss: LossOptions | number,
  params: ParameterTree<tf.Variable>,
  { share, receive }: StreamedGradients,
): Pick<LossAndGradients, 'loss' | 'tokens'> {
  const { losses, tokens } = microLosses(model, micro, loss, share);
  const names = new Map([...params].map(([name, { id }]) => [id, name]));
  /** Of the micro-batches before, by name. */
  const total = new Map<string, tf.Tensor>();
  let mean: tf.Scalar | undefined;
  try {
    for (const [i, each] of losses.entries()) {
      const isLast = i === losses.length - 1;
      const { value } = variableGradients(each, params.values(), (variable, gradient) => {
        const name = names.get(variable.id)!;
        const before = total.get(name);
        const sum = before ? tf.add(before, gradient) : gradient.clone();
        before?.dispose();
        total.delete(name);
        if (isLast) {
          receive(name, sum);
          sum.dispose();
        } else total.set(name, tf.keep(sum));
      });
      mean = mean ? (added([mean], [value])[0] as tf.Scalar) : value;
    }
    // What the last micro-batch does not depend on.
    for (const [name, sum] of total) receive(name, sum);
  } finally {
    tf.dispose([...total.values()]);
  }
  return { loss: mean ?? tf.scalar(0), tokens };
}

/**
 * For each micro-batch with rows its loss, weighted so that their sum is the mean over all loss tokens.
 *
 * @param share takes the rows of one process alone
 */
function microLosses(
  model: SimVlm,
  micro: readonly (readonly PrefixLmBatch[])[],
  loss: LossOptions | number,
  share?: Share,
): { readonly losses: readonly (() => tf.Scalar)[]; readonly tokens: number } {
  const lossTokens = (parts: readonly PrefixLmBatch[]) =>
    parts.reduce((sum, part) => sum + model.lossTokens(part), 0);
  const counts = micro.map(lossTokens);
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const options = typeof loss === 'number' ? { labelSmoothing: loss } : loss;
  const losses = micro.flatMap((all, i) => {
    const parts = share ? ownRows(all, share) : all;
    if (parts.length === 0) return [];
    const weight = (share ? lossTokens(parts) : counts[i]!) / tokens;
    const drawn = { ...options, ...(options.random && { random: options.random.fork(i) }) };
    return [() => scaled(model.loss(parts, drawn), weight)];
  });
  return { losses, tokens };
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
