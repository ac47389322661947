import type { RgbImage } from '@simvlm/core';
import type { Taps } from './filter-taps';
import { binary } from './resize-binary';

/** What `assembly/resize.ts` exports. Addresses and sizes are in bytes. */
interface Kernels {
  readonly memory: WebAssembly.Memory;
  horizontal(
    from: number,
    stride: number,
    height: number,
    to: number,
    width: number,
    first: number,
    count: number,
    weights: number,
    most: number,
  ): void;
  vertical(
    from: number,
    stride: number,
    to: number,
    height: number,
    first: number,
    count: number,
    weights: number,
    most: number,
  ): void;
}

/** A large picture goes in so many bytes at a time: memory of WebAssembly never shrinks. */
const STRIP = 2 ** 20;
/** What is made may take so many bytes. */
const MOST = 2 ** 25;
const PAGE = 2 ** 16;

/**
 * `resize` by SIMD in WebAssembly, to the same bytes.
 *
 * @param across taps of the width; undefined: it stays
 * @param down taps of the height; undefined: it stays
 * @returns undefined where there is no SIMD, where a policy forbids WebAssembly, and for results of many megabytes
 */
export function resizeWithKernels(
  image: RgbImage,
  across: Taps | undefined,
  down: Taps | undefined,
): RgbImage | undefined {
  const width = across?.first.length ?? image.width;
  const height = down?.first.length ?? image.height;
  const [sourceRow, row] = [image.width * 3, width * 3];
  const rowsAtOnce = Math.max(1, Math.min(image.height, Math.floor(STRIP / sourceRow)));
  let end = 0;
  // A row of sums may touch up to 16 bytes behind its end.
  const place = (bytes: number) => {
    const at = end;
    end = (at + bytes + 31) & ~15;
    return at;
  };
  const placeTaps = ({ first, weights }: Taps) => ({
    first: place(first.byteLength),
    count: place(first.byteLength),
    weights: place(weights.byteLength),
  });
  const [acrossAt, downAt] = [across && placeTaps(across), down && placeTaps(down)];
  const strip = across ? place(rowsAtOnce * sourceRow) : 0;
  const between = place(image.height * row);
  const result = down ? place(height * row) : between;
  if (end > MOST) return undefined;
  const kernels = instance();
  if (!kernels) return undefined;

  const missing = end - kernels.memory.buffer.byteLength;
  if (missing > 0) kernels.memory.grow(Math.ceil(missing / PAGE));
  const bytes = new Uint8Array(kernels.memory.buffer);
  const numbers = new Int32Array(kernels.memory.buffer);
  const write = ({ first, count, weights }: Taps, at: ReturnType<typeof placeTaps>) => {
    numbers.set(first, at.first / 4);
    numbers.set(count, at.count / 4);
    numbers.set(weights, at.weights / 4);
  };
  if (across && acrossAt) {
    write(across, acrossAt);
    for (let y = 0; y < image.height; y += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, image.height - y);
      bytes.set(image.data.subarray(y * sourceRow, (y + rows) * sourceRow), strip);
      const { first, count, weights } = acrossAt;
      const to = between + y * row;
      kernels.horizontal(strip, sourceRow, rows, to, width, first, count, weights, across.most);
    }
  } else bytes.set(image.data, between);
  if (down && downAt) {
    write(down, downAt);
    const { first, count, weights } = downAt;
    kernels.vertical(between, row, result, height, first, count, weights, down.most);
  }
  return { width, height, data: bytes.slice(result, result + height * row) };
}

let kept: Kernels | null | undefined;

function instance(): Kernels | undefined {
  if (kept === undefined) kept = compile();
  return kept ?? undefined;
}

function compile(): Kernels | null {
  try {
    const module = new WebAssembly.Module(Uint8Array.from(atob(binary), byte => byte.charCodeAt(0)));
    return new WebAssembly.Instance(module).exports as unknown as Kernels;
  } catch {
    // Nothing is lost but time: the same is done in JavaScript.
    return null;
  }
}
