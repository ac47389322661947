import type { RgbImage } from '@simvlm/core';

/** Writes to `out` at `at` the colour of the picture at a place between its pixels, bilinearly; what lies outside has the colour `fill`. */
export function sampleBilinear(
  { width, height, data }: RgbImage,
  x: number,
  y: number,
  fill: number,
  out: Uint8Array,
  at: number,
): void {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) {
    out[at] = out[at + 1] = out[at + 2] = fill;
    return;
  }
  const [fx, fy] = [x - x0, y - y0];
  const w00 = (1 - fx) * (1 - fy);
  const w10 = fx * (1 - fy);
  const w01 = (1 - fx) * fy;
  const w11 = fx * fy;
  const [left, right, up, down] = [x0 >= 0, x0 + 1 < width, y0 >= 0, y0 + 1 < height];
  const p = (y0 * width + x0) * 3;
  const below = p + width * 3;
  for (let c = 0; c < 3; c++) {
    const a = left && up ? data[p + c]! : fill;
    const b = right && up ? data[p + 3 + c]! : fill;
    const d = left && down ? data[below + c]! : fill;
    const e = right && down ? data[below + 3 + c]! : fill;
    out[at + c] = w00 * a + w10 * b + w01 * d + w11 * e + 0.5;
  }
}
