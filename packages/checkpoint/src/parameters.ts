import { CheckpointError, type ParameterTree } from '@simvlm/core';
import type { TensorSet, TensorSource } from './safetensors/types';

type Shaped = { readonly shape: readonly number[] };

/** Parameters, tensors of any library, as sources: their numbers are fetched from the device when they are asked for, in the tree's order. */
export function parameterSources(
  params: ParameterTree<Shaped & { data(): Promise<ArrayLike<number>> }>,
): [string, TensorSource][] {
  return [...params].map(([name, tensor]) => [
    name,
    { shape: tensor.shape, read: async () => (await tensor.data()) as Float32Array },
  ]);
}

/**
 * Compares names and shapes of a file with those of parameters.
 *
 * @param what how a message names what is loaded, such as `weights`
 * @throws CheckpointError when one is missing, too many or of another shape
 */
export function checkFits(
  params: ParameterTree<Shaped>,
  tensors: ReadonlyMap<string, Shaped>,
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
 * Gives parameters the numbers of open tensors, one tensor at a time. Names and shapes are checked first.
 *
 * @param assign writes a parameter's numbers
 * @throws CheckpointError as `checkFits`, and when a tensor cannot be read: then some parameters have their new numbers
 */
export async function restoreParameters<P extends Shaped>(
  params: ParameterTree<P>,
  { tensors }: Pick<TensorSet, 'tensors'>,
  what: string,
  assign: (parameter: P, values: Float32Array) => void,
): Promise<void> {
  checkFits(params, tensors, what);
  for (const [name, parameter] of params) assign(parameter, await tensors.get(name)!.read());
}
