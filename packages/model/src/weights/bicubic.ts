interface Grid {
  readonly height: number;
  readonly width: number;
}

/**
 * `[h, w, D]` → `[h', w', D]` by cubic convolution (Keys, 1981) with a = −0.75, places at the middle of their cells, the border repeated: what PyTorch's
 * `interpolate(mode='bicubic', align_corners=False)` does, and with it `interpolate_pos_encoding` of Hugging Face Transformers.
 */
export function bicubic(values: Float32Array, from: Grid, to: Grid, D: number): Float32Array {
  const rows = places(from.height, to.height);
  const columns = places(from.width, to.width);
  const result = new Float32Array(to.height * to.width * D);
  for (const [y, row] of rows.entries())
    for (const [x, column] of columns.entries())
      for (let i = 0; i < D; i++) {
        let sum = 0;
        for (const { at: r, share: ofRow } of row)
          for (const { at: c, share } of column) sum += ofRow * share * values[(r * from.width + c) * D + i]!;
        result[(y * to.width + x) * D + i] = sum;
      }
  return result;
}

const A = -0.75;

/** For each of `to` places the four of `from` around it, with their shares, which sum to 1. */
function places(from: number, to: number): { at: number; share: number }[][] {
  return Array.from({ length: to }, (_, i) => {
    const position = ((i + 0.5) * from) / to - 0.5;
    const low = Math.floor(position);
    return [-1, 0, 1, 2].map(step => ({
      at: Math.min(Math.max(low + step, 0), from - 1),
      share: kernel(Math.abs(position - low - step)),
    }));
  });
}

function kernel(x: number): number {
  if (x <= 1) return (A + 2) * x ** 3 - (A + 3) * x ** 2 + 1;
  return x < 2 ? A * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
}
