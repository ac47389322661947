import {
  initialValues,
  type ParameterScope,
  type ParameterTree,
  parameterScope,
  type Random,
} from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A scope that makes a variable of each declaration and keeps it in `params`; its values follow from the random stream and its name, or
 * are all 0.
 */
export function variableScope(
  params: ParameterTree<tf.Variable>,
  start: Random | 'zeros',
): ParameterScope<tf.Variable> {
  return parameterScope(params, (name, spec) => {
    const shape = [...spec.shape];
    const { dtype } = spec;
    const values =
      start === 'zeros' || dtype === 'int32'
        ? zeros(shape, dtype)
        : tf.tensor(initialValues(name, spec, start), shape);
    const variable = tf.variable(values);
    values.dispose();
    return variable;
  });
}

function zeros(shape: number[], dtype: 'float32' | 'int32'): tf.Tensor {
  // In plain JavaScript: memory that nobody writes to takes none, so that a model of any size can be made to look at.
  if (tf.getBackend() === 'cpu') return tf.zeros(shape, dtype);
  // Made on the device: `tf.zeros` would upload them.
  return tf.fill(shape, 0, dtype);
}
