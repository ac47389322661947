/**
 * tfjs's matrix products: of float32 by our tiles, which are faster, and the rest put right. Wrong in tfjs are products without elements
 * or without terms, and of batches that repeat along some axes only: it pairs the wrong ones.
 */
import * as tf from '@tensorflow/tfjs-core';
import { kernel, type SimVlmWebGpuBackend, sizeOf, type T, type WebGpuKernel } from '../fused/kernel';
import { gemm } from '../gemm';
import { runOriginal } from './original';

interface Inputs {
  readonly a: T;
  readonly b: T;
  readonly bias?: T;
  readonly preluActivationWeights?: T;
}

interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string | null;
}

export const matmulKernels: readonly WebGpuKernel[] = ['BatchMatMul', '_FusedMatMul'].map(name =>
  kernel<Inputs, MatMulAttrs>(name, (backend, inputs, attrs) => matmul(name, backend, inputs, attrs)),
);

function matmul(name: string, backend: SimVlmWebGpuBackend, inputs: Inputs, attrs: MatMulAttrs): T {
  const { bias } = inputs;
  const { transposeA, transposeB, activation } = attrs;
  const [M, K] = sides(inputs.a, transposeA);
  const [inner, N] = sides(inputs.b, transposeB);
  tf.util.assert(
    K === inner,
    () =>
      `Error in matMul: inner shapes (${K}) and (${inner}) of Tensors with shapes ${inputs.a.shape} and ` +
      `${inputs.b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const [ofA, ofB] = [inputs.a.shape.slice(0, -2), inputs.b.shape.slice(0, -2)];
  const batch = tf.backend_util.assertAndGetBroadcastShape(ofA, ofB);
  const shape = [...batch, M, N];
  const count = sizeOf(batch);
  if (sizeOf(shape) === 0) return backend.make(shape, inputs.a.dtype);

  let [a, b] = [inputs.a, inputs.b].map(t => repeated(backend, t, batch)) as [T, T];
  const isFloat = a.dtype === 'float32' && b.dtype === 'float32';
  const isPlain = (activation ?? 'linear') === 'linear' && (!bias || sizeOf(bias.shape) === N);
  let c: T;
  if (isFloat && isPlain) {
    c = backend.make(shape, 'float32');
    const isMany = (t: T) => sizeOf(t.shape.slice(0, -2)) > 1;
    gemm(backend, {
      ...{ M, N, K, a, b, transposeA, transposeB, bias, c },
      batch: { count, a: isMany(a), b: isMany(b) },
    });
  } else {
    if (K === 0) [a, b] = [zeros(backend, a, M), zeros(backend, b, N)];
    // A single term, which is 0, in the place of none.
    const sides = K === 0 && { transposeA: false, transposeB: true };
    c = runOriginal(name, backend, { ...inputs, a, b }, { ...attrs, ...sides });
  }
  if (a !== inputs.a) backend.disposeData(a.dataId);
  if (b !== inputs.b) backend.disposeData(b.dataId);
  return c;
}

/** Rows and columns of the matrices that are meant. */
function sides({ shape }: T, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** `t` with its batches repeated, unless it has one, or all. */
function repeated(backend: SimVlmWebGpuBackend, t: T, batch: readonly number[]): T {
  const own = t.shape.slice(0, -2);
  if (sizeOf(own) === 1 || sizeOf(own) === sizeOf(batch)) return t;
  const aligned = [...new Array(batch.length - own.length).fill(1), ...own];
  const reps = [...batch.map((extent, axis) => extent / aligned[axis]!), 1, 1];
  return runOriginal('Tile', backend, { x: { ...t, shape: [...aligned, ...t.shape.slice(-2)] } }, { reps });
}

function zeros(backend: SimVlmWebGpuBackend, t: T, rows: number): T {
  const shape = [...t.shape.slice(0, -2), rows, 1];
  return runOriginal('Fill', backend, {}, { shape, value: 0, dtype: t.dtype });
}
