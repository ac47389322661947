/**
 * How libtorch sums the products of bfloat16 numbers. u = 2⁻⁸ is bfloat16's unit roundoff, K the number of products in a sum, P the
 * number of its parts.
 *
 * | sums in                            | rounded to bfloat16                        | error relative to Σ│aᵢbᵢ│ |
 * | ---------------------------------- | ------------------------------------------ | ------------------------- |
 * | float32                            | both operands, the result                  | (1 + u)³ − 1              |
 * | float32 each part, bfloat16 between | both operands, each part, each addition    | (1 + u)ᴾ⁺² − 1            |
 * | bfloat16                           | both operands, each product, each addition | (1 + u)ᴷ⁺² − 1            |
 *
 * The bounds are for the worst case and any order of additions (Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2).
 * A sum in bfloat16 also stops growing once a term is below half the spacing of its numbers: 256 + 1 is 256.
 *
 * CUDA and oneDNN sum in float32. ATen asks oneDNN only on processors with AVX-512 (BW, VL and DQ). Without it, or without oneDNN:
 *
 * - Convolutions make one product per image. The gradient of a filter adds those of the images in bfloat16 (P images); the gradient of
 *   an input adds those of the filter's places in bfloat16 (P places).
 * - libtorch 2.x sums each product in float32. libtorch 1.13 sums in bfloat16 unless BLAS's left matrix is transposed (`gemm_core_` in
 *   ATen's `BlasKernel.cpp`). It does so with AVX-512 too for products of up to 16³ multiplications.
 */
import type { Precision } from '@simvlm/core';
import { type Argument, type Handle, scalarType } from './addon/interface';
import type { NativeBackend } from './backend';

/** The large first term of a probe's sum, and how many ones follow it. bfloat16 can hold their sum, but 256 + 1 in bfloat16 is 256. */
const FIRST = 256;

/** Backends that were probed for a warning. */
const probed = new WeakSet<NativeBackend>();

/**
 * Finds out, by a small product, in which precision a product of matrices sums bfloat16 numbers.
 *
 * @param size rows and columns of the result; small products may take another way than large ones. Default: large ones
 */
export function precisionOfProducts(b: NativeBackend, size = 32): Precision {
  return probe(b, 2 * FIRST, (rows, op) => {
    const left = rows([size, FIRST + 1], i => (i % (FIRST + 1) === 0 ? FIRST : 1));
    return op('mm', left, op('ones_like', op('contiguous', op('t', left))));
  });
}

/** The same of the gradient of a convolution's filter, which is a sum over the images of a batch. */
export function precisionOfImages(b: NativeBackend): Precision {
  const [images, channels, size] = [FIRST + 1, 8, 4];
  const places = (size - 2) ** 2; // of a filter of 3 × 3
  return probe(b, 2 * FIRST * places, (rows, op) => {
    const x = rows([images, channels, size, size], i => (i < channels * size ** 2 ? FIRST : 1));
    const dy = rows([images, channels, size - 2, size - 2], () => 1);
    const filter = rows([channels, channels, 3, 3], () => 0);
    const window = [[1, 1], [0, 0], [1, 1], false, [0, 0], 1] as const;
    return op('convolution_backward', dy, x, filter, null, ...window, [false, true, false]);
  });
}

/** Warns, once for each backend, where bfloat16 is much less exact than it should be. */
export function warnOfNarrowSums(b: NativeBackend): void {
  if (probed.has(b)) return;
  probed.add(b);
  const products = precisionOfProducts(b) === 'bfloat16';
  if (!products && precisionOfImages(b) === 'float32') return;
  const what = products ? 'products' : 'gradients of convolutions';
  const advice = products ? ', or libtorch 2.x (pip install torch), which sums products in float32' : '';
  process.emitWarning(
    `precision 'bfloat16': on this processor libtorch ${b.addon.torchVersion} sums ${what} in bfloat16, so their error grows with the ` +
      `number of terms. Use precision 'float32'${advice}.`,
    { type: 'PrecisionWarning', code: 'SIMVLM_BFLOAT16_SUMS' },
  );
}

type Op = (name: string, ...args: Argument[]) => Handle;
type Rows = (shape: readonly number[], value: (i: number) => number) => Handle;

/** Whether all numbers of what `run` makes of bfloat16 tensors are what they should be. */
function probe(b: NativeBackend, expected: number, run: (rows: Rows, op: Op) => Handle): Precision {
  const made: Handle[] = [];
  const op: Op = (name, ...args) => {
    const results = [b.aten.callAll(name, ...args)].flat().filter(handle => handle !== null);
    made.push(...results);
    return results[0]!;
  };
  const rows: Rows = (shape, value) => {
    const values = Float32Array.from({ length: shape.reduce((a, c) => a * c, 1) }, (_, i) => value(i));
    const tensor = b.addon.create(values, shape, scalarType.float32, b.device);
    made.push(tensor);
    return op('to.dtype', tensor, scalarType.bfloat16);
  };
  try {
    const sums = new Float32Array(b.addon.readSync(op('to.dtype', run(rows, op), scalarType.float32)));
    return sums.every(sum => sum === expected) ? 'float32' : 'bfloat16';
  } finally {
    for (const handle of made) b.addon.free(handle);
  }
}
