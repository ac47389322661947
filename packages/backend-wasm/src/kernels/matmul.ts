import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import { gemm } from '../gemm';
import { padFront, sizeOf } from '../shapes';
import { callKernel, type KernelCall, type WasmKernel, withFallback } from './kernel';
import { fillTensor } from './unary';

/** op(a) · op(b) (+ bias); undefined where it must be left to the CPU. Batches are whole or 1: see {@link withWholeBatches}. */
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

/**
 * A product whose operands have the batches of the result or a single one: any other is repeated first, [2, 1] and [1, 3] to
 * [2, 3]. The CPU backend's kernel, which has the other dtypes, pairs such batches wrongly.
 */
function withWholeBatches({ kernelName, kernelFunc }: WasmKernel): WasmKernel {
  return {
    kernelName,
    kernelFunc: call => {
      const { inputs, backend } = call;
      const [aOuter, bOuter] = [inputs.a!.shape.slice(0, -2), inputs.b!.shape.slice(0, -2)];
      const outer = tf.backend_util.assertAndGetBroadcastShape(aOuter, bOuter);
      const isPartial = (own: readonly number[]): boolean =>
        sizeOf(own) !== sizeOf(outer) && sizeOf(own) !== 1;
      if (!isPartial(aOuter) && !isPartial(bOuter)) return kernelFunc(call);
      const a = repeated(backend, inputs.a!, outer);
      const b = repeated(backend, inputs.b!, outer);
      const y = kernelFunc({ ...call, inputs: { ...inputs, a, b } });
      backend.disposeIntermediateTensorInfo(a);
      backend.disposeIntermediateTensorInfo(b);
      return y;
    },
  };
}

/** Matrices repeated along the batch axes `outer`. */
function repeated(backend: WasmBackend, x: tf.TensorInfo, outer: readonly number[]): tf.TensorInfo {
  const shape = padFront(x.shape, outer.length + 2, 1);
  const reps = shape.map((size, axis) => (size === 1 ? (outer[axis] ?? 1) : 1));
  const view = backend.view(x, shape);
  const y = callKernel(backend, 'Tile', { x: view }, { reps });
  backend.disposeIntermediateTensorInfo(view);
  return y;
}

export const batchMatMul: WasmKernel = withWholeBatches(withFallback('BatchMatMul', call => product(call)));

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

export const fusedMatMul: WasmKernel = withWholeBatches(
  withFallback('_FusedMatMul', call => {
    const columns = call.inputs.b!.shape.at(call.attrs.transposeB ? -2 : -1)!;
    const bias = columnBias(call.inputs.bias, columns);
    const y = product(call, bias);
    return y && finish(call.backend, y, bias ? undefined : call.inputs.bias, call);
  }),
);
