import { CheckpointError, type ParameterTree } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import type { SafeTensor } from './safetensors';

/** Parameters as numbers, in their order. */
export async function valuesOf(params: ParameterTree<tf.Variable>): Promise<[string, SafeTensor][]> {
  const tensors: [string, SafeTensor][] = [];
  for (const [name, variable] of params)
    tensors.push([name, { shape: variable.shape, values: (await variable.data()) as Float32Array }]);
  return tensors;
}

/**
 * Gives parameters the numbers of a file. All or nothing: names and shapes are checked first.
 *
 * @param what how a message names what is loaded, such as `weights`
 * @throws CheckpointError when one is missing, too many or of another shape
 */
export function assignValues(
  params: ParameterTree<tf.Variable>,
  tensors: ReadonlyMap<string, SafeTensor>,
  what: string,
): void {
  for (const name of tensors.keys()) {
    if (!params.has(name))
      throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: this model has no "${name}"`);
  }
  for (const [name, { shape }] of params) {
    const found = tensors.get(name);
    if (!found) throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: "${name}" is missing`);
    if (found.shape.join() !== shape.join()) {
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `${what}: "${name}" is [${found.shape}], this model needs [${shape}]`,
      );
    }
  }
  tf.tidy(() => {
    for (const [name, variable] of params)
      variable.assign(tf.tensor(tensors.get(name)!.values, variable.shape));
  });
}
