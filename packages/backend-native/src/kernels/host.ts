import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { KernelCall, NativeBackend, NativeKernel, T } from './kernel';

/** What runs on the host alone, with the code of tfjs's CPU backend: strings, ragged and sparse tensors, and what is rare. */
const names = [
  ...['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'],
  ...['RaggedGather', 'RaggedRange', 'RaggedTensorToTensor'],
  ...['SparseFillEmptyRows', 'SparseReshape', 'SparseSegmentMean', 'SparseSegmentSum'],
  ...['Dilation2D', 'Dilation2DBackpropFilter', 'Dilation2DBackpropInput', 'Transform'],
];

export const hostKernels: readonly NativeKernel[] = names.map(kernelName => ({
  kernelName,
  kernelFunc: call => onHost(kernelName, call),
}));

/** Kernels that also take strings, and the input that tells. */
const takesStrings: Readonly<Record<string, string>> = {
  ...{ Equal: 'a', NotEqual: 'a', Less: 'a', LessEqual: 'a', Greater: 'a', GreaterEqual: 'a' },
  ...{ Concat: '0', Pack: '0', Unpack: 'value', Slice: 'x', StridedSlice: 'x', Tile: 'x' },
  ...{ GatherV2: 'x', Reverse: 'x', Transpose: 'x', Unique: 'x', SparseToDense: 'sparseValues' },
};

/** The same kernel, which leaves strings to the host where tfjs's CPU backend takes them. */
export function orStrings(kernel: NativeKernel): NativeKernel {
  const { kernelName, kernelFunc } = kernel;
  const input = takesStrings[kernelName];
  if (input === undefined) return kernel;
  return {
    kernelName,
    kernelFunc: call =>
      call.inputs[input]?.dtype === 'string' ? onHost(kernelName, call) : kernelFunc(call),
  };
}

let host: tf.KernelBackend | undefined;

/** A CPU backend of our own: what is on it is no tensor of the engine's. */
function hostBackend(): tf.KernelBackend {
  host ??= tf.findBackendFactory('cpu')() as tf.KernelBackend;
  // Else it advises to install a backend for Node.
  (host as unknown as { firstUse: boolean }).firstUse = false;
  return host;
}

type Values = Parameters<NativeBackend['makeTensorInfo']>[2];
type Maker = { makeTensorInfo(shape: number[], dtype: tf.DataType, values: Values): T };

/** Copies the inputs to the host, runs the kernel of tfjs's CPU backend there, and copies back what it gives. */
function onHost(kernelName: string, { inputs, attrs, backend }: KernelCall): T | T[] {
  const cpu = hostBackend();
  const made: T[] = [];
  const toHost = (given: T | readonly T[]): T | T[] => {
    if (Array.isArray(given)) return given.map(tensor => toHost(tensor) as T);
    const { dataId, shape, dtype } = given as T;
    const copy = (cpu as unknown as Maker).makeTensorInfo(shape, dtype, backend.readSync(dataId));
    made.push(copy);
    // The gradients of dilation ask for a rank.
    return { ...copy, rank: shape.length } as T;
  };
  const fromHost = (tensor: T): T => {
    made.push(tensor);
    return backend.makeTensorInfo(tensor.shape, tensor.dtype, cpu.readSync(tensor.dataId) as Values);
  };
  try {
    const { kernelFunc } = tf.getKernel(kernelName, 'cpu');
    const copies = Object.entries(inputs).map(([name, given]) => [name, toHost(given)] as const);
    const hostInputs = Array.isArray(inputs) ? copies.map(([, copy]) => copy) : Object.fromEntries(copies);
    const given = kernelFunc({ inputs: hostInputs, attrs, backend: cpu } as never);
    return Array.isArray(given) ? given.map(fromHost) : fromHost(given as T);
  } finally {
    for (const { dataId } of made) cpu.disposeData(dataId);
  }
}
