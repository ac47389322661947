import type { ModelInfo } from '../../engine/engine';

/** Side of the drawn map in pixels; the browser scales it to the picture smoothly. */
export const side = 96;

const shade = { color: [16, 12, 40], alpha: 0.72 };
const glow = { color: [255, 170, 40], alpha: 0.42 };

/**
 * The map of one word's attention as RGBA pixels, `side` × `side`: where the word did not look the picture is darkened, where it
 * looked most it glows. The weights of the few cells are spread by Gaussians half a cell wide, since a cell stands for all
 * of its area; they are shown relative to the largest.
 */
export function heatPixels(
  attention: Float32Array,
  grid: { readonly height: number; readonly width: number },
): Uint8ClampedArray<ArrayBuffer> {
  const values = new Float32Array(side * side);
  const rows = axis(grid.height);
  const columns = axis(grid.width);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let sum = 0;
      for (let i = 0; i < grid.height; i++) {
        for (let j = 0; j < grid.width; j++)
          sum += rows[y]![i]! * columns[x]![j]! * attention[i * grid.width + j]!;
      }
      values[y * side + x] = sum;
    }
  }
  const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  const pixels = new Uint8ClampedArray(side * side * 4);
  for (const [i, value] of values.entries()) {
    const looked = value / most;
    const dark = shade.alpha * (1 - looked) ** 1.3;
    const light = glow.alpha * looked ** 2;
    const alpha = light + dark * (1 - light);
    for (let c = 0; c < 3; c++) {
      pixels[i * 4 + c] = (glow.color[c]! * light + shade.color[c]! * dark * (1 - light)) / (alpha || 1);
    }
    pixels[i * 4 + 3] = alpha * 255;
  }
  return pixels;
}

/** For each pixel of an axis the weights of its cells, summing to 1. */
function axis(cells: number): number[][] {
  return Array.from({ length: side }, (_, pixel) => {
    const at = ((pixel + 0.5) / side) * cells - 0.5;
    const weights = Array.from({ length: cells }, (_, cell) => Math.exp(-2 * (at - cell) ** 2));
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map(weight => weight / total);
  });
}

/**
 * The square that the model sees, in per cent of the shown picture: the one in its middle, all of it made square, or one around it, which
 * reaches beyond the picture.
 */
export function seenBox(
  width: number,
  height: number,
  fit: ModelInfo['fit'] = 'crop',
): { left: number; top: number; width: number; height: number } {
  if (fit === 'squash') return { left: 0, top: 0, width: 100, height: 100 };
  const seen = fit === 'pad' ? Math.max(width, height) : Math.min(width, height);
  return {
    left: (50 * (width - seen)) / width,
    top: (50 * (height - seen)) / height,
    width: (100 * seen) / width,
    height: (100 * seen) / height,
  };
}
