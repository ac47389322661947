/** Sums over rows of one id: the gradient of an embedding, with ids out of range left out. tfjs adds by atomics, in any order. */
import { embeddingGrad } from '../fused/embedding';
import { kernel, type Of, sizeOf, type T, type WebGpuKernel } from '../fused/kernel';
import { runOriginal } from './original';

export const segmentSum: WebGpuKernel = kernel<Of<'x' | 'segmentIds'>, { numSegments: number }>(
  'UnsortedSegmentSum',
  (backend, inputs, attrs) => {
    const { x, segmentIds } = inputs;
    if (x.dtype !== 'float32') return runOriginal('UnsortedSegmentSum', backend, inputs, attrs);
    const rest = x.shape.slice(1);
    const dy = { ...x, shape: [x.shape[0]!, sizeOf(rest)] };
    const [sums] = embeddingGrad.kernelFunc({
      ...{ inputs: { ids: segmentIds, dy }, attrs: { vocabSize: attrs.numSegments }, backend },
    }) as T[];
    return { ...sums!, shape: [attrs.numSegments, ...rest] };
  },
);
