import type { WebGpuKernel } from './kernel';
import { layerNorm } from './layer-norm';

export const fusedKernels: readonly WebGpuKernel[] = [layerNorm];
