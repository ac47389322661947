import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import type { KernelName } from '../runtime';
import { sizeOf } from '../shapes';
import { GRAIN, type WasmKernel, withFallback } from './kernel';

/** Numbered as in assembly/elementwise.ts, with their cost in additions. */
const operations: readonly (readonly [string, number])[] = [
  ['Relu', 1],
  ['Step', 1],
  ['Exp', 8],
  ['Log', 8],
  ['Sqrt', 4],
  ['Rsqrt', 8],
  ['Square', 1],
  ['Neg', 1],
  ['Abs', 1],
  ['Tanh', 16],
  ['Sigmoid', 12],
  ['Reciprocal', 4],
];

/** y = op(x) of float32 tensors. */
export const unaryKernels: readonly WasmKernel[] = operations.map(([kernelName, cost], operation) =>
  withFallback(kernelName, ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    if (x.dtype !== 'float32') return undefined;
    const y = backend.output(x.shape);
    const parameter = { f32: (attrs?.alpha as number | undefined) ?? 0 };
    const args = [operation, backend.pointer(x), backend.pointer(y), parameter];
    backend.runJob('unaryFlat', sizeOf(x.shape), args, Math.ceil(GRAIN / cost / 16) * 16);
    return y;
  }),
);

const casts: Readonly<Record<string, KernelName>> = {
  'float32 int32': 'castFloatToInt',
  'float32 bool': 'castFloatToBool',
  'int32 float32': 'castIntToFloat',
  'int32 bool': 'castIntToBool',
  'bool float32': 'castBoolToFloat',
  'bool int32': 'castBoolToInt',
};

/** The CPU backend's `Cast` hands out int32 data as float32 without a change: right for JS numbers, wrong here. */
export const cast: WasmKernel = withFallback('Cast', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  const dtype = attrs.dtype as tf.DataType;
  if (x.dtype === dtype) return backend.view(x, x.shape);
  const kernel = casts[`${x.dtype} ${dtype}`];
  if (kernel === undefined) return undefined;
  const y = backend.output(x.shape, dtype as 'float32' | 'int32' | 'bool');
  backend.runJob(kernel, sizeOf(x.shape), [backend.pointer(x), backend.pointer(y)], GRAIN);
  return y;
});

/** condition ? t : e, where one condition may stand for a whole row of a rank-2 tensor and up. */
export const select: WasmKernel = withFallback('Select', ({ inputs, backend }) => {
  const { condition, t, e } = inputs as Record<'condition' | 't' | 'e', tf.TensorInfo>;
  if (t.dtype !== e.dtype || (t.dtype !== 'float32' && t.dtype !== 'int32')) return undefined;
  const size = sizeOf(t.shape);
  const conditions = sizeOf(condition.shape);
  if (conditions === 0 || size % conditions !== 0) return undefined;
  const z = backend.output(t.shape, t.dtype);
  const pointers = [backend.pointer(t), backend.pointer(e), backend.pointer(z)];
  backend.runJob('select', size, [backend.pointer(condition), size / conditions, ...pointers], GRAIN);
  return z;
});

/** Sets every number of a float32 or int32 tensor. */
export function fillTensor(backend: WasmBackend, tensor: tf.TensorInfo, value: number): void {
  const bits = tensor.dtype === 'int32' ? value : { f32: value };
  backend.runJob('fill', sizeOf(tensor.shape), [backend.pointer(tensor), bits], GRAIN);
}

export const fill: WasmKernel = withFallback('Fill', ({ attrs, backend }) => {
  const { shape, value, dtype } = attrs as { shape: number[]; value: number | string; dtype?: tf.DataType };
  if (typeof value !== 'number' || (dtype !== undefined && dtype !== 'float32' && dtype !== 'int32'))
    return undefined;
  const y = backend.output(shape, dtype ?? 'float32');
  fillTensor(backend, y, value);
  return y;
});

function constantLike(kernelName: string, value: number): WasmKernel {
  return withFallback(kernelName, ({ inputs, backend }) => {
    const x = inputs.x!;
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return undefined;
    const y = backend.output(x.shape, x.dtype);
    fillTensor(backend, y, value);
    return y;
  });
}

export const zerosLike = constantLike('ZerosLike', 0);
export const onesLike = constantLike('OnesLike', 1);
