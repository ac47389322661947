import { type Quantization, type QuantizedMatrix, ShapeError } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkDtype, checkShape } from '../check';
import type { QuantizedAttrs } from '../kernels';

/** int32 words in a row of `inputs` numbers. */
export function packedWidth(inputs: number, bits: number): number {
  return Math.ceil((inputs * bits) / 32);
}

/** @throws ShapeError for bits or a group that no matrix of so many inputs has */
export function checkQuantization(op: string, { bits, group }: Quantization, inputs: number): void {
  if (bits !== 8 && bits !== 4) throw new ShapeError(`${op}: bits must be 8 or 4, got ${bits}`);
  if (group !== inputs && !(group >= 32 && group % 32 === 0))
    throw new ShapeError(`${op}: group must be all ${inputs} inputs or a multiple of 32, got ${group}`);
}

/** @throws ShapeError when the parts of the matrix do not fit one another */
export function checkMatrix(op: string, matrix: QuantizedMatrix<tf.Tensor>): void {
  const { packed, scales, inputs, bits, group } = matrix;
  checkQuantization(op, matrix, inputs);
  checkDtype(op, 'packed', packed, 'int32');
  checkShape(op, 'packed', packed, [-1, packedWidth(inputs, bits)]);
  checkShape(op, 'scales', scales, [packed.shape[0]!, Math.ceil(inputs / group)]);
}

/** What the kernels are told. */
export function attrsOf({ inputs, bits, group }: QuantizedMatrix<tf.Tensor>): QuantizedAttrs {
  return { inputs, bits, group };
}
