import {
  initialValues,
  type ParameterScope,
  type ParameterTree,
  parameterScope,
  type Random,
} from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';

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
    // Made on the device: `tf.zeros` would upload them.
    const values =
      start === 'zeros' || dtype === 'int32'
        ? tf.fill(shape, 0, dtype)
        : tf.tensor(initialValues(name, spec, start), shape);
    const variable = tf.variable(values);
    values.dispose();
    return variable;
  });
}
