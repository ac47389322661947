import type { SafeTensor, TensorSet, TensorSource } from '@simvlm/checkpoint';
import { CheckpointError, type ParameterTree } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';

/** Parameters as tensors whose numbers are fetched from the device when they are asked for, in their order. */
export function parameterSources(params: ParameterTree<tf.Tensor>): [string, TensorSource][] {
  return [...params].map(([name, variable]) => [
    name,
    { shape: variable.shape, read: async () => (await variable.data()) as Float32Array },
  ]);
}

/** Parameters as numbers, in their order. */
export async function valuesOf(params: ParameterTree<tf.Variable>): Promise<[string, SafeTensor][]> {
  const tensors: [string, SafeTensor][] = [];
  for (const [name, { shape, read }] of parameterSources(params))
    tensors.push([name, { shape, values: await read() }]);
  return tensors;
}

type Shapes = { readonly shape: readonly number[] };

/**
 * Compares names and shapes of a file with those of a model.
 *
 * @param what how a message names what is loaded, such as `weights`
 * @throws CheckpointError when one is missing, too many or of another shape
 */
export function checkFits(
  params: ParameterTree<Shapes>,
  tensors: ReadonlyMap<string, Shapes>,
  what: string,
): void {
  for (const name of tensors.keys()) {
    if (!params.has(name))
      throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: this model has no "${name}"`);
  }
  for (const [name, { shape }] of params) checkShape(name, shape, tensors.get(name)?.shape, what);
}

/** @throws CheckpointError when a tensor of a file is missing or of another shape */
export function checkShape(
  name: string,
  needed: readonly number[],
  found: readonly number[] | undefined,
  what: string,
): void {
  if (!found) throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: "${name}" is missing`);
  if (found.join() !== needed.join())
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `${what}: "${name}" is [${found}], this model needs [${needed}]`,
    );
}

/**
 * Gives parameters the numbers of a file in memory. All or nothing: names and shapes are checked first.
 *
 * @throws CheckpointError as `checkFits`
 */
export function assignValues(
  params: ParameterTree<tf.Variable>,
  tensors: ReadonlyMap<string, SafeTensor>,
  what: string,
): void {
  checkFits(params, tensors, what);
  for (const [name, variable] of params) assign(variable, tensors.get(name)!.values);
}

/**
 * Gives parameters the numbers of open tensors, one tensor at a time. Names and shapes are checked first.
 *
 * @throws CheckpointError as `checkFits`, and when a tensor cannot be read: then some parameters have their new numbers
 */
export async function assignTensors(
  params: ParameterTree<tf.Variable>,
  { tensors }: TensorSet,
  what: string,
): Promise<void> {
  checkFits(params, tensors, what);
  for (const [name, variable] of params) assign(variable, await tensors.get(name)!.read());
}

function assign(variable: tf.Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}
