import { ConfigError, type HostArray, ShapeError } from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/**
 * What the outputs of a classifier are trained to say.
 *
 * - `class`: one of the classes is right; softmax, cross-entropy
 * - `scores`: each class has a score of its own, 0 to 1, and several may be right; sigmoid, binary cross-entropy. So VQA is trained as a rule (Teney
 *   et al., 2018): people who are asked the same give different answers.
 * - `number`: a single output is the number itself; squared error
 */
export type ClassifierTarget = 'class' | 'scores' | 'number';

/** What a head's outputs are. */
export interface Outputs {
  /** C; 1 for a number. */
  readonly classes: number;
  readonly target: ClassifierTarget;
}

/**
 * What would be right, for the rows of a batch.
 *
 * @param labels `[B]` classes in [0, C), `[B · C]` scores row by row, or `[B]` numbers
 * @throws ShapeError when they do not fit
 */
export function targetArray(
  labels: ArrayLike<number>,
  rows: number,
  { classes, target }: Outputs,
): HostArray {
  if (target === 'class') return classArray(labels, rows, classes);
  const shape = target === 'scores' ? [rows, classes] : [rows];
  const values = Float32Array.from(labels);
  const isRight = target === 'scores' ? (x: number) => x >= 0 && x <= 1 : Number.isFinite;
  const wrong = values.find(value => !isRight(value));
  if (values.length !== rows * (target === 'scores' ? classes : 1) || wrong !== undefined)
    throw new ShapeError(
      `classifier: ${rows} rows need ${target === 'scores' ? `${classes} scores each, from 0 to 1` : 'as many finite numbers'}, got ${values.length}${wrong === undefined ? '' : `, ${wrong} among them`}`,
    );
  return { shape, values };
}

function classArray(labels: ArrayLike<number>, rows: number, classes: number): HostArray {
  const wrong = Array.from(labels).find(label => !Number.isInteger(label) || label < 0 || label >= classes);
  if (labels.length !== rows || wrong !== undefined)
    throw new ShapeError(
      `classifier: ${rows} rows need as many labels from 0 to ${classes - 1}, got ${labels.length}${wrong === undefined ? '' : `, ${wrong} among them`}`,
    );
  return { shape: [rows], values: Int32Array.from(labels) };
}

/** @throws ConfigError for label smoothing where no single class is right */
export function checkSmoothing(target: ClassifierTarget, labelSmoothing: number): void {
  if (target !== 'class' && labelSmoothing > 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      `classifier: "labelSmoothing" goes with the target class, and not with ${target}`,
    );
}

/**
 * The sum of the losses of the rows, in nats or squares.
 *
 * @param outputs `float32[B, C]`
 * @param labels as `targetArray` makes them
 * @returns a scalar, differentiable by the outputs; it belongs to the tidy around the call
 */
export function targetLoss(
  outputs: tf.Tensor2D,
  labels: tf.Tensor,
  target: ClassifierTarget,
  labelSmoothing: number,
): tf.Scalar {
  checkSmoothing(target, labelSmoothing);
  if (target === 'class')
    return tf.sum(
      crossEntropy(outputs, labels, tf.ones([outputs.shape[0]]), { labelSmoothing }),
    ) as tf.Scalar;
  if (target === 'number') return tf.sum(tf.square(tf.sub(tf.reshape(outputs, [-1]), labels))) as tf.Scalar;
  // −z log σ(x) − (1 − z) log(1 − σ(x)), of which no part overflows.
  const rest = tf.log(tf.add(tf.exp(tf.neg(tf.abs(outputs))), 1));
  return tf.sum(tf.add(tf.sub(tf.relu(outputs), tf.mul(outputs, labels)), rest)) as tf.Scalar;
}
