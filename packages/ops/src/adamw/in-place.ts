import { BackendError, ShapeError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A kernel that only backends with memory of their own can have; there is no reference. Inputs, a list: n parameters, n gradients, n first
 * and n second moments, then three float32 scalars: gradScale, learningRate, and step, which counts from 1. No outputs.
 */
export const ADAMW_IN_PLACE = 'SimVlmAdamWInPlace';

export interface AdamWInPlaceAttrs {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** One for each parameter. */
  readonly weightDecays: readonly number[];
}

/** What a step of AdamW overwrites (parameters and moments) and reads (gradients), one of each for every parameter. */
export interface AdamWTensors {
  readonly params: readonly tf.Tensor[];
  /** Their contents are undefined afterwards. */
  readonly grads: readonly tf.Tensor[];
  readonly m: readonly tf.Tensor[];
  readonly v: readonly tf.Tensor[];
}

/** Numbers that only the device knows, so that a captured step reads those of its own run. */
export interface AdamWScalars {
  /** Multiplies the gradients: clipping. */
  readonly gradScale: tf.Scalar;
  readonly learningRate: tf.Scalar;
  /** Counts from 1. */
  readonly step: tf.Scalar;
}

/** Whether the current backend can overwrite parameters. */
export function canAdamwInPlace(): boolean {
  return tf.getKernel(ADAMW_IN_PLACE, tf.getBackend()) !== undefined;
}

/** What a backend offers that knows who else has a tensor's memory. */
export interface KnowsSharing {
  /** Whether somebody else would see what is written to the tensor's memory: a clone, a view. */
  isShared(tensor: tf.TensorInfo): boolean;
}

/**
 * Gives variables memory of their own where it is shared, so that `adamwInPlace` changes nobody else's numbers.
 *
 * @returns false where the current backend does not know, or cannot overwrite: nothing is changed then
 */
export function unshare(variables: readonly tf.Variable[]): boolean {
  const backend = tf.backend() as Partial<KnowsSharing>;
  if (!backend.isShared || !canAdamwInPlace()) return false;
  for (const variable of variables) {
    if (backend.isShared(variable)) tf.tidy(() => variable.assign(tf.mul(variable, 1)));
  }
  return true;
}

/**
 * One step of AdamW for all parameters, in their own memory: whoever shares it (a clone, a view) sees the new numbers. The formula
 * is that of `adamwStep`.
 *
 * @throws ShapeError when there is not one of each for every parameter; BackendError where the backend has no such kernel
 */
export function adamwInPlace(
  { params, grads, m, v }: AdamWTensors,
  { gradScale, learningRate, step }: AdamWScalars,
  attrs: AdamWInPlaceAttrs,
): void {
  for (const list of [grads, m, v, attrs.weightDecays]) {
    if (list.length !== params.length)
      throw new ShapeError(`adamwInPlace: ${params.length} parameters, but a list of ${list.length}`);
  }
  if (!canAdamwInPlace()) {
    throw new BackendError(
      'BACKEND_FAILED',
      `adamwInPlace: the backend '${tf.getBackend()}' cannot overwrite tensors; use adamwStep`,
    );
  }
  const inputs = [...params, ...grads, ...m, ...v, gradScale, learningRate, step];
  tf.engine().runKernel(
    ADAMW_IN_PLACE,
    inputs as unknown as tf.NamedTensorMap,
    attrs as unknown as tf.NamedAttrMap,
  );
}
