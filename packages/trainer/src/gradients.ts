import { ParameterTree, type Random } from '@simvlm/core';
import { upload, variableGradients } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { lossCount, type MicroBatches, type TrainLearner } from './learner';

export interface LossAndGradients {
  /** Mean loss over all batches, in nats; a scalar the caller disposes. */
  readonly loss: tf.Scalar;
  /** By parameter name; the caller disposes them. */
  readonly gradients: ParameterTree<tf.Tensor>;
  /** Losses that the mean is of. */
  readonly count: number;
}

export interface GradientOptions {
  /** What the step draws from, where something is dropped at random; each micro-batch draws from a stream of its own of it. */
  readonly random?: Random;
  /** What to differentiate by; default: all that the learner trains. */
  readonly params?: ParameterTree<tf.Variable>;
}

/**
 * The loss of one step and its gradients. Several micro-batches give what one large batch of all their rows would give: each
 * counts by its losses.
 *
 * @param micro for each micro-batch its parts, such as pairs and documents
 */
export function lossAndGradients<B>(
  learner: TrainLearner<B>,
  micro: MicroBatches<B>,
  { random, params = learner.trainable }: GradientOptions = {},
): LossAndGradients {
  const count = lossCount(learner, micro);
  const losses = microLosses(learner, micro, count, random);
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
    count,
  };
}

/** The part of one of several processes, whose gradients are given away while they are computed. */
export interface StreamedGradients {
  /** How many losses the step has, in all processes together. */
  readonly count: number;
  /** Is given each gradient once, as soon as it is final; it is freed after the call. One that is 0 may be left out. */
  readonly receive: (name: string, gradient: tf.Tensor) => void;
}

/**
 * `lossAndGradients` of the rows of one of several processes, divided by the number of losses of all, so that what the processes give adds up
 * to loss and gradients of the whole; both are 0 for one without rows.
 *
 * @returns the loss of its own rows, which the caller disposes
 */
export function streamGradients<B>(
  learner: TrainLearner<B>,
  micro: MicroBatches<B>,
  { count, receive }: StreamedGradients,
  { random, params = learner.trainable }: GradientOptions = {},
): tf.Scalar {
  const losses = microLosses(learner, micro, count, random);
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
  return mean ?? tf.scalar(0);
}

/**
 * For each micro-batch with losses their mean, weighted so that all of them together are the mean over all losses.
 *
 * @param count of all losses, also those of other processes
 */
function microLosses<B>(
  learner: TrainLearner<B>,
  micro: MicroBatches<B>,
  count: number,
  random: Random | undefined,
): (() => tf.Scalar)[] {
  return micro.flatMap((parts, i) => {
    const own = lossCount(learner, [parts]);
    if (own === 0) return [];
    const drawn = random?.fork(i);
    return [() => scaled(meanLoss(learner, parts, own, drawn), own / count)];
  });
}

/** The mean loss of a micro-batch in training. */
function meanLoss<B>(
  learner: TrainLearner<B>,
  parts: readonly B[],
  count: number,
  random: Random | undefined,
): tf.Scalar {
  return tf.tidy(() => {
    const inputs = parts.map(part =>
      upload(learner.feeds(part, { padding: 'short', ...(random && { random }) })),
    );
    return tf.div(tf.addN(inputs.map(feeds => learner.loss(feeds, true))), count) as tf.Scalar;
  });
}

/**
 * Any loss and its gradients, as `AdamW.apply` takes them: for loops of one's own. The caller disposes both.
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
  return weight === 1 ? loss : tf.mul(loss, weight);
}

function added(a: tf.Tensor[], b: tf.Tensor[]): tf.Tensor[] {
  const sums = a.map((tensor, i) => tf.add(tensor, b[i]!));
  tf.dispose([a, b]);
  return sums;
}
