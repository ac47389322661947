/** How often each number comes, or the sum of the weights where it does: a thread for each count, in the order of the numbers. */
import {
  kernel,
  type Of,
  type SimVlmWebGpuBackend,
  sizeOf,
  type T,
  type WebGpuKernel,
} from '../fused/kernel';
import type { Program } from '../program';
import { each, launchEach, THREADS } from './elementwise';

interface CountAttrs {
  readonly size: number;
  readonly binaryOutput?: boolean;
}

function programOf(type: 'f32' | 'i32', weighted: boolean): Program {
  return {
    key: `bincount ${type} ${weighted}`,
    reads: { xs: 'i32', ...(weighted && { weights: type }) },
    writes: { counts: type },
    uniforms: ['size', 'bins', 'length', 'binary'],
    workgroup: [THREADS, 1, 1],
    code: () =>
      each(`
  let bin = i32(i % u.bins);
  let start = i / u.bins * u.length;
  var count = ${type}(0);
  for (var at = start; at < start + u.length; at++) {
    if (xs[at] == bin) { count += ${weighted ? 'weights[at]' : `${type}(1)`}; }
  }
  counts[i] = select(count, min(abs(count), ${type}(1)), u.binary == 1);`),
  };
}

const programs = {
  float32: { weighted: programOf('f32', true), plain: programOf('f32', false) },
  int32: { weighted: programOf('i32', true), plain: programOf('i32', false) },
};

function count(
  b: SimVlmWebGpuBackend,
  { x, weights }: Of<'x' | 'weights'>,
  { size: bins, binaryOutput = false }: CountAttrs,
  rows: readonly number[],
): T {
  const dtype = weights.dtype as 'float32' | 'int32';
  // Whether a number comes at all has nothing to do with weights.
  const weighted = sizeOf(weights.shape) > 0 && !binaryOutput;
  const length = sizeOf(x.shape) / sizeOf(rows);
  const program = programs[dtype][weighted ? 'weighted' : 'plain'];
  const inputs = weighted ? [x, weights] : [x];
  return launchEach(b, program, inputs, b.make([...rows, bins], dtype), {
    ...{ bins, length, binary: Number(binaryOutput) },
  });
}

export const countKernels: readonly WebGpuKernel[] = [
  kernel<Of<'x' | 'weights'>, CountAttrs>('Bincount', (b, inputs, attrs) => count(b, inputs, attrs, [])),
  kernel<Of<'x' | 'weights'>, CountAttrs>('DenseBincount', (b, inputs, attrs) =>
    count(b, inputs, attrs, inputs.x.shape.slice(0, -1)),
  ),
];
