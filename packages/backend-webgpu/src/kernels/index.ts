import type { WebGpuKernel } from '../fused/kernel';
import { binaryKernels } from './binary';
import { cast } from './cast';
import { countKernels } from './count';
import { matmulKernels } from './matmul';
import { maxPoolGrad } from './max-pool-grad';
import { scanKernels } from './scan';
import { segmentSum } from './segment-sum';
import { addN, argKernels, linSpace, reductionKernels } from './small';
import { unaryKernels } from './unary';

/** Kernels of our own in the place of tfjs's, where those give wrong numbers. */
export const kernels: readonly WebGpuKernel[] = [
  ...binaryKernels,
  ...unaryKernels,
  cast,
  ...scanKernels,
  ...countKernels,
  ...matmulKernels,
  maxPoolGrad,
  segmentSum,
  ...argKernels,
  linSpace,
  addN,
  ...reductionKernels,
];
