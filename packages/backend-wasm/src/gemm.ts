import type { WasmRuntime } from './runtime';

/**
 * C[m, n] = op(A) · op(B) (+ bias) (+ C), on byte addresses in the wasm heap; with `batch`, that many products whose
 * matrices are `stride…` elements apart. `ld…` is the number of elements between rows as they are stored.
 */
export interface Gemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A[m, k], or A[k, m] with `transA`. */
  readonly a: number;
  readonly lda: number;
  readonly transA?: boolean;
  /** B[k, n], or B[n, k] with `transB`. */
  readonly b: number;
  readonly ldb: number;
  readonly transB?: boolean;
  readonly c: number;
  readonly ldc: number;
  /** bias[n], added to each row of every product. */
  readonly bias?: number;
  /** Adds to what C holds. */
  readonly accumulate?: boolean;
  readonly batch?: number;
  /** 0 (the default) uses the same A (B) in every product. */
  readonly strideA?: number;
  readonly strideB?: number;
  readonly strideC?: number;
}

/** Rows up to which B is read as it lies: packing it would cost more than it saves. */
const FEW_ROWS = 3;
const M_BLOCK = 64;
const N_BLOCK = 64;
/** A job of fewer blocks than this is cut along k as well. */
const ENOUGH_BLOCKS = 8;
const SLICE = 512;
/** Work that is worth waking a thread for, about 10 µs. */
const GRAIN_FLOPS = 400_000;
const GRAIN_NUMBERS = 16_384;

/** Runs a matrix product on all threads; the result depends on the operands and shapes only. */
export function gemm(runtime: WasmRuntime, given: Gemm): void {
  const product = folded(given);
  const { m, n, k, transA = false, batch = 1, strideA = 0 } = product;
  if (m === 0 || n === 0 || batch === 0) return;
  if (!transA) {
    multiply(runtime, product, product.a, product.lda, strideA);
    return;
  }
  if (m === 1 || k === 1) {
    // A single row or column: its transposition is a matter of strides.
    if (k === 1) multiply(runtime, product, product.a, 1, strideA);
    else multiply(runtime, product, product.a, 1, strideA, product.lda);
    return;
  }
  const matrices = strideA === 0 ? 1 : batch;
  runtime.withScratch(matrices * m * k * 4, rows => {
    const groups = Math.ceil(m / 4);
    runtime.runJob(
      'transposeMatrices',
      matrices * groups,
      [
        product.a,
        product.lda * 4,
        rows,
        k * 4,
        k,
        m,
        1,
        1,
        matrices,
        0,
        0,
        0,
        strideA * 4,
        0,
        0,
        0,
        m * k * 4,
      ],
      Math.ceil(GRAIN_NUMBERS / (4 * k) / 4) * 4,
    );
    multiply(runtime, product, rows, k, strideA === 0 ? 0 : m * k);
  });
}

/**
 * As `gemm` with B[k, n] in panels of 8 columns already, as the kernel `gemmPackB` makes them: `k × 8` numbers each, columns past the last 0.
 */
export function gemmOfPanels(
  runtime: WasmRuntime,
  panels: number,
  product: Pick<Gemm, 'm' | 'n' | 'k' | 'a' | 'lda' | 'c' | 'ldc' | 'bias'>,
): void {
  const { m, n, k, a, lda, c, ldc, bias = 0 } = product;
  if (m === 0 || n === 0) return;
  const args = [a, lda * 4, 4, 0, panels, k * 32, 32, 0, c, ldc * 4, 0, 0, bias, 0, m, n, k];
  blocks(runtime, { ...product, b: panels, ldb: 8 }, args);
}

/** Products that share B and whose A and C lie behind one another are one product with more rows. */
function folded(product: Gemm): Gemm {
  const { m, lda, ldc, transA, batch = 1, strideA = 0, strideB = 0, strideC = 0 } = product;
  if (batch === 1 || transA || strideB !== 0 || strideA !== m * lda || strideC !== m * ldc) return product;
  return { ...product, m: m * batch, batch: 1 };
}

/** The product with A[m, k] at `a`: `lda` elements between rows, `stepA` between columns. */
function multiply(
  runtime: WasmRuntime,
  product: Gemm,
  a: number,
  lda: number,
  strideA: number,
  stepA = 1,
): void {
  const { m, n, k, b, ldb, transB = false, c, ldc, bias = 0, accumulate = false } = product;
  const { batch = 1, strideB = 0, strideC = 0 } = product;
  const args = (packed: number, panel: number, step: number, matrix: number): number[] => [
    ...[a, lda * 4, stepA * 4, strideA * 4],
    ...[packed, panel, step, matrix],
    ...[c, ldc * 4, strideC * 4, 0, bias, accumulate ? 1 : 0, m, n, k],
  ];
  if (m <= FEW_ROWS && stepA === 1 && transB) {
    const grain = Math.ceil(GRAIN_FLOPS / (8 * m * k + 1));
    const items = batch * Math.ceil(n / 4);
    runtime.runJob('gemmFewRowsTransposed', items, args(b, 0, ldb * 4, strideB * 4), grain);
    return;
  }
  if (m <= FEW_ROWS && !transB && n % 4 === 0) {
    const grain = Math.ceil(GRAIN_FLOPS / (64 * m * k + 1));
    runtime.runJob('gemmFewRows', batch * Math.ceil(n / 32), args(b, 0, ldb * 4, strideB * 4), grain);
    return;
  }
  const panels = Math.ceil(n / 8);
  const matrices = strideB === 0 ? 1 : batch;
  runtime.withScratch(matrices * panels * k * 32, packed => {
    runtime.runJob(
      transB ? 'gemmPackBTransposed' : 'gemmPackB',
      matrices * panels,
      [b, ldb * 4, strideB * 4, packed, k, n, panels],
      Math.ceil(GRAIN_NUMBERS / (8 * k + 1)),
    );
    blocks(runtime, product, args(packed, k * 32, 32, strideB === 0 ? 0 : panels * k * 32));
  });
}

/** The blocks of C; where they are few and k is long, partial products over slices of k, added up in order. */
function blocks(runtime: WasmRuntime, product: Gemm, args: number[]): void {
  const { m, n, k, c, ldc, bias = 0, accumulate = false, batch = 1, strideC = 0 } = product;
  const mBlock = Math.min(M_BLOCK, m);
  const nBlock = Math.min(N_BLOCK, Math.ceil(n / 8) * 8);
  const whole = batch * Math.ceil(m / mBlock) * Math.ceil(n / nBlock);
  const slices =
    whole >= ENOUGH_BLOCKS ? 1 : Math.max(1, Math.min(Math.ceil(16 / whole), Math.floor(k / SLICE)));
  const kSlice = Math.ceil(k / slices);
  const grain = Math.ceil(GRAIN_FLOPS / (2 * mBlock * nBlock * kSlice + 1));
  const tail = [mBlock, nBlock, kSlice, slices];
  if (slices === 1) {
    runtime.runJob('gemmBlocks', whole, [...args, ...tail], grain);
    return;
  }
  runtime.withScratch(batch * slices * m * n * 4, partials => {
    const slice = m * n * 4;
    const partial = [...args];
    partial.splice(8, 6, partials, n * 4, slices * slice, slice, 0, 0);
    runtime.runJob('gemmBlocks', whole * slices, [...partial, ...tail], grain);
    runtime.runJob(
      'gemmReduce',
      batch * m,
      [partials, slice, slices, c, ldc * 4, strideC * 4, m, n, bias, accumulate ? 1 : 0],
      Math.ceil(GRAIN_NUMBERS / (n * slices)),
    );
  });
}
