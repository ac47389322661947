import { BackendError, type ParameterSpec, type ParameterTree, parameterCount } from '@simvlm/core';
import { memoryLimit } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Refuses a model whose weights alone are more than the current backend can ever hold, before one of them is made or read.
 *
 * @param declared gives every parameter; not asked where the backend knows no limit
 * @throws BackendError OUT_OF_MEMORY
 */
export function checkFitsMemory(declared: () => ParameterTree<ParameterSpec>): void {
  const limit = memoryLimit();
  if (limit === undefined) return;
  const bytes = 4 * parameterCount(declared());
  if (bytes <= limit) return;
  throw new BackendError(
    'OUT_OF_MEMORY',
    `the weights of this model take ${gibibytes(bytes)} GiB, and the backend '${tf.getBackend()}' has ${gibibytes(limit)} GiB for ` +
      `everything; use the backend 'native', which has the memory of the machine`,
  );
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
