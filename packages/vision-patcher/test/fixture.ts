import { ParameterTree, parameterScope, Random } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** Parameters that are all noise, so that none is without effect (norms start at 0 or 1). */
export function noisyParameters() {
  const tree = new ParameterTree<tf.Tensor>();
  const params = parameterScope<tf.Tensor>(tree, (name, { shape }) => {
    const random = Random.fromSeed(1).fork(name);
    const size = shape.reduce((product, extent) => product * extent, 1);
    return tf.tensor(
      Float32Array.from({ length: size }, () => 0.5 * random.normal()),
      [...shape],
    );
  });
  return { tree, params };
}

/** `float32[batch, side, side, 3]` of noise in [−1, 1]. */
export function noiseImages(batch: number, side: number, seed = 0): tf.Tensor4D {
  const random = Random.fromSeed(seed);
  return tf.tensor4d(
    Float32Array.from({ length: batch * side * side * 3 }, () => 2 * random.uniform() - 1),
    [batch, side, side, 3],
  );
}
