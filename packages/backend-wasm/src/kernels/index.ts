import { fusedKernels } from '../fused/index';
import { addN, binaryKernels } from './binary';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput, fusedConv2D } from './conv';
import type { WasmKernel } from './kernel';
import { batchMatMul, fusedMatMul } from './matmul';
import * as movement from './movement';
import { maxPool, maxPoolGrad } from './pool';
import { reductionKernels, softmax } from './reduce';
import { tensorScatterUpdate } from './scatter';
import { cast, fill, onesLike, select, unaryKernels, zerosLike } from './unary';

/** Every kernel that this backend has of its own. */
export const kernels: readonly WasmKernel[] = [
  ...binaryKernels,
  addN,
  ...unaryKernels,
  cast,
  select,
  fill,
  zerosLike,
  onesLike,
  ...reductionKernels,
  softmax,
  batchMatMul,
  fusedMatMul,
  conv2D,
  fusedConv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  maxPool,
  maxPoolGrad,
  movement.concat,
  movement.gather,
  movement.pack,
  movement.pad,
  movement.segmentSum,
  movement.slice,
  movement.splitV,
  movement.tile,
  movement.transpose,
  movement.unpack,
  tensorScatterUpdate,
  ...fusedKernels,
];
