import { ShapeError } from '@simvlm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** @throws ShapeError unless `tensor` has exactly this shape; −1 stands for any extent */
export function checkShape(op: string, name: string, tensor: Tensor, expected: readonly number[]): void {
  const fits =
    tensor.shape.length === expected.length &&
    expected.every((extent, i) => extent === -1 || extent === tensor.shape[i]);
  if (!fits) throw new ShapeError(`${op}: ${name} must be ${shape(expected)}, got ${shape(tensor.shape)}`);
}

/** @throws ShapeError unless `tensor` has this dtype */
export function checkDtype(op: string, name: string, tensor: Tensor, dtype: 'float32' | 'int32'): void {
  if (tensor.dtype !== dtype) throw new ShapeError(`${op}: ${name} must be ${dtype}, got ${tensor.dtype}`);
}

/** The last extent, which must exist. @throws ShapeError for a scalar */
export function lastExtent(op: string, name: string, tensor: Tensor): number {
  const extent = tensor.shape[tensor.shape.length - 1];
  if (extent === undefined) throw new ShapeError(`${op}: ${name} must have at least one axis, got a scalar`);
  return extent;
}

function shape(extents: readonly number[]): string {
  return `[${extents.map(extent => (extent === -1 ? '*' : extent)).join(', ')}]`;
}
