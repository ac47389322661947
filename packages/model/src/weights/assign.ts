import { checkFits, parameterSources, type SafeTensor } from '@simvlm/checkpoint';
import type { ParameterTree } from '@simvlm/core';
import { assignNumbers, partReader } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';

/** Parameters as numbers, in their order. */
export async function valuesOf(params: ParameterTree<tf.Variable>): Promise<[string, SafeTensor][]> {
  const tensors: [string, SafeTensor][] = [];
  for (const [name, { shape, dtype, read }] of parameterSources(params, partReader))
    tensors.push([name, { shape, values: await read(), ...(dtype && { dtype }) }]);
  return tensors;
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
  for (const [name, variable] of params) assignNumbers(variable, tensors.get(name)!.values);
}
