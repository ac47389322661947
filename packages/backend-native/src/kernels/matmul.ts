import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { operand } from '../precision';
import { parametricRelu } from './binary';
import {
  broadcast,
  floatToInt,
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  sizeOf,
  type T,
} from './kernel';

/** The last two axes swapped: a view. */
function transposed(b: NativeBackend, x: Handle): Handle {
  return b.op('transpose.int', x, -2, -1);
}

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Shapes of a product, checked as tfjs does. */
function productShape(a: T, b: T, { transposeA, transposeB }: Transposed): number[] {
  const [rank, otherRank] = [a.shape.length, b.shape.length];
  const inner = a.shape[transposeA ? rank - 2 : rank - 1]!;
  const otherInner = b.shape[transposeB ? otherRank - 1 : otherRank - 2]!;
  tf.util.assert(
    inner === otherInner,
    () =>
      `Error in matMul: inner shapes (${inner}) and (${otherInner}) of Tensors with shapes ${a.shape} and ` +
      `${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.shape[transposeA ? rank - 1 : rank - 2]!;
  return [...batch, rows, b.shape[transposeB ? otherRank - 2 : otherRank - 1]!];
}

/** a · b of matrices or batches of them. */
function product(
  b: NativeBackend,
  x: Handle,
  y: Handle,
  ranks: readonly [number, number],
  batched: boolean,
): Handle {
  if (ranks[0] === 2 && ranks[1] === 2) return b.op('mm', x, y);
  if (batched && ranks[0] === 3 && ranks[1] === 3) return b.op('bmm', x, y);
  return b.op('matmul', x, y);
}

function operands(b: NativeBackend, x: T, y: T, { transposeA, transposeB }: Transposed): [Handle, Handle] {
  const [left, right] = [operand(b, x), operand(b, y)];
  return [transposeA ? transposed(b, left) : left, transposeB ? transposed(b, right) : right];
}

const batchMatMul = kernel<Of<'a' | 'b'>, Transposed>('BatchMatMul', (b, { a, b: other }, attrs) => {
  const shape = productShape(a, other, attrs);
  let [x, y] = operands(b, a, other, attrs);
  const ranks = [a.shape.length, other.shape.length] as const;
  const sameBatch = a.shape[0] === other.shape[0];
  if (a.dtype === 'float32') return b.output(product(b, x, y, ranks, sameBatch), shape, a.dtype);
  // CUDA has no products of integers; those of doubles are exact up to 2⁵³.
  [x, y] = [b.op('to.dtype', x, 7), b.op('to.dtype', y, 7)];
  return b.output(floatToInt(b, product(b, x, y, ranks, sameBatch)), shape, a.dtype);
});

/** What `tf.fused` puts after a product or a convolution. */
export interface Activation {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** The activation of a fused kernel, in place on a temporary where that is possible. */
export function activate(
  b: NativeBackend,
  x: Handle,
  { activation, leakyreluAlpha }: Activation,
  weights: Handle | undefined,
): Handle {
  switch (activation) {
    case undefined:
    case null:
    case 'linear':
      return x;
    case 'relu':
      return b.op('relu_', x);
    case 'relu6':
      return b.op('hardtanh_', x, 0, 6);
    case 'elu':
      return b.op('elu_', x);
    case 'sigmoid':
      return b.op('sigmoid_', x);
    case 'leakyrelu':
      return b.op('leaky_relu_', x, leakyreluAlpha ?? 0.2);
    case 'prelu':
      return parametricRelu(b, x, weights!);
    default:
      throw new Error(`Activation ${activation} has not been implemented for the native backend.`);
  }
}

type FusedInputs = Of<'a' | 'b'> & { bias?: T; preluActivationWeights?: T };

const fusedMatMul = kernel<FusedInputs, Transposed & Activation>('_FusedMatMul', (b, inputs, attrs) => {
  const { a, b: other, bias, preluActivationWeights } = inputs;
  const shape = productShape(a, other, attrs);
  const [x, y] = operands(b, a, other, attrs);
  const ranks = [a.shape.length, other.shape.length] as const;
  let z: Handle;
  if (bias && ranks[0] === 2 && ranks[1] === 2) z = b.op('addmm', operand(b, bias), x, y);
  else {
    z = product(b, x, y, ranks, a.shape[0] === other.shape[0]);
    if (bias) b.op('add_.Tensor', z, operand(b, bias));
  }
  const weights = preluActivationWeights && b.input(preluActivationWeights);
  return b.output(activate(b, z, attrs, weights), shape, a.dtype);
});

/** Named axes, summed where the output does not name them. */
const einsum = kernel<T[], tf.EinsumAttrs>('Einsum', (b, tensors, { equation }) => {
  const handles = tensors.map(tensor => b.input(tensor));
  const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as tf.Tensor[]);
  const y = b.op('einsum', equation.replace(/\s/g, ''), handles, null);
  return b.output(y, b.addon.shape(y), tensors[0]!.dtype);
});

/** A matrix with x on its diagonal; for more axes, their sizes twice. */
const diag = kernel<Of<'x'>>('Diag', (b, { x }) => {
  const matrix = b.op('diag_embed', b.op('reshape', b.input(x), [sizeOf(x.shape)]));
  const shape = [...x.shape, ...x.shape];
  return b.output(b.op('view', matrix, shape), shape, x.dtype);
});

export const matmulKernels: readonly NativeKernel[] = [batchMatMul, fusedMatMul, einsum, diag];
