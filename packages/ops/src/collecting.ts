import type { ParameterScope } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A scope that also writes down what is declared in it, and below. */
export function collecting(scope: ParameterScope<tf.Tensor>, into: tf.Tensor[]): ParameterScope<tf.Tensor> {
  return {
    param(name, shape, init, dtype) {
      const value = scope.param(name, shape, init, dtype);
      into.push(value);
      return value;
    },
    scope: name => collecting(scope.scope(name), into),
    lowRank(inputs, outputs) {
      const path = scope.lowRank?.(inputs, outputs);
      if (path) into.push(path.a, path.b);
      return path;
    },
    // It has no gradient.
    quantized: (name, extents, layout) => scope.quantized?.(name, extents, layout),
  };
}
