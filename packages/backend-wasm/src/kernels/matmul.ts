import * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from '../backend';
import { gemm } from '../gemm';
import { sizeOf } from '../shapes';
import { callKernel, type KernelCall, type WasmKernel, withFallback } from './kernel';
import { fillTensor } from './unary';

/** op(a) · op(b) (+ bias); undefined where it must be left to the CPU. Batches are equal, or one of them is 1. */
function product(call: KernelCall, bias?: tf.TensorInfo): tf.TensorInfo | undefined {
  const { inputs, attrs, backend } = call;
  const a = inputs.a!;
  const b = inputs.b!;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const transA = Boolean(attrs.transposeA);
  const transB = Boolean(attrs.transposeB);
  const [aRows, aCols] = a.shape.slice(-2) as [number, number];
  const [bRows, bCols] = b.shape.slice(-2) as [number, number];
  const [m, k] = transA ? [aCols, aRows] : [aRows, aCols];
  const [n, kb] = transB ? [bRows, bCols] : [bCols, bRows];
  tf.util.assert(
    k === kb,
    () =>
      `Error in matMul: inner shapes (${k}) and (${kb}) of Tensors with shapes ${a.shape} and ${b.shape} and ` +
      `transposeA=${transA} and transposeB=${transB} must match.`,
  );
  const aOuter = a.shape.slice(0, -2);
  const bOuter = b.shape.slice(0, -2);
  const aBatch = sizeOf(aOuter);
  const bBatch = sizeOf(bOuter);
  const outer = tf.backend_util.assertAndGetBroadcastShape(aOuter, bOuter);
  const batch = sizeOf(outer);
  if ((aBatch !== batch && aBatch !== 1) || (bBatch !== batch && bBatch !== 1)) return undefined;
  const c = backend.output([...outer, m, n]);
  if (k === 0) {
    fillTensor(backend, c, 0);
    return c;
  }
  gemm(backend.runtime, {
    ...{ m, n, k, batch, transA, transB },
    ...{ a: backend.pointer(a), lda: aCols, strideA: aBatch === 1 ? 0 : m * k },
    ...{ b: backend.pointer(b), ldb: bCols, strideB: bBatch === 1 ? 0 : n * k },
    ...{ c: backend.pointer(c), ldc: n, strideC: m * n },
    ...(bias ? { bias: backend.pointer(bias) } : {}),
  });
  return c;
}

export const batchMatMul: WasmKernel = withFallback('BatchMatMul', call => product(call));

/** A bias that is one number for each column, which the matrix product adds itself. */
export function columnBias(bias: tf.TensorInfo | undefined, columns: number): tf.TensorInfo | undefined {
  if (bias?.dtype !== 'float32' || sizeOf(bias.shape) !== columns) return undefined;
  return bias.shape.at(-1) === columns ? bias : undefined;
}

/** Adds a bias of any other shape, then applies the activation; disposes the tensors on the way. */
export function finish(
  backend: WasmBackend,
  y: tf.TensorInfo,
  bias: tf.TensorInfo | undefined,
  { inputs, attrs }: KernelCall,
): tf.TensorInfo {
  let current = y;
  const replace = (next: tf.TensorInfo): void => {
    backend.disposeIntermediateTensorInfo(current);
    current = next;
  };
  if (bias) replace(callKernel(backend, 'Add', { a: current, b: bias }));
  const activation = (attrs.activation as string | undefined) ?? 'linear';
  if (activation === 'prelu') {
    replace(callKernel(backend, 'Prelu', { x: current, alpha: inputs.preluActivationWeights! }));
  } else if (activation === 'leakyrelu') {
    replace(callKernel(backend, 'LeakyRelu', { x: current }, { alpha: attrs.leakyreluAlpha }));
  } else if (activation !== 'linear') {
    const kernelName = activation[0]!.toUpperCase() + activation.slice(1);
    replace(callKernel(backend, kernelName, { x: current }));
  }
  return current;
}

export const fusedMatMul: WasmKernel = withFallback('_FusedMatMul', call => {
  const columns = call.inputs.b!.shape.at(call.attrs.transposeB ? -2 : -1)!;
  const bias = columnBias(call.inputs.bias, columns);
  const y = product(call, bias);
  return y && finish(call.backend, y, bias ? undefined : call.inputs.bias, call);
});
