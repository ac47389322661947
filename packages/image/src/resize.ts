import { ImageError, type RgbImage } from '@simvlm/core';

/** For each output pixel: the first input pixel that counts, and the weights from there on (they add up to 1). */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float32Array[];
}

/**
 * Bilinear resizing with antialiasing: a triangle filter, widened when the picture shrinks so that every input pixel counts
 * (as Pillow's BILINEAR). Pixel centres lie at half-integers.
 *
 * @throws ImageError when a side is no integer ≥ 1
 */
export function resize(image: RgbImage, { width, height }: { width: number; height: number }): RgbImage {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1)
    throw new ImageError('IMAGE_UNREADABLE', `cannot resize to ${width} × ${height} pixels`);
  if (image.width === width && image.height === height) return { width, height, data: image.data.slice() };
  const across = horizontal(image, width);
  return vertical(across, image.height, width, height);
}

/** `float32[h, width, 3]` */
function horizontal({ width: from, height, data }: RgbImage, to: number): Float32Array {
  const { first, weights } = triangleTaps(from, to);
  const out = new Float32Array(height * to * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      const taps = weights[x]!;
      let source = (y * from + first[x]!) * 3;
      let [r, g, b] = [0, 0, 0];
      for (let i = 0; i < taps.length; i++, source += 3) {
        const weight = taps[i]!;
        r += weight * data[source]!;
        g += weight * data[source + 1]!;
        b += weight * data[source + 2]!;
      }
      out[at++] = r;
      out[at++] = g;
      out[at++] = b;
    }
  }
  return out;
}

function vertical(rows: Float32Array, from: number, width: number, height: number): RgbImage {
  const { first, weights } = triangleTaps(from, height);
  const stride = width * 3;
  const data = new Uint8Array(height * stride);
  const sums = new Float32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(0.5); // rounds to nearest when cut off
    const taps = weights[y]!;
    for (let i = 0; i < taps.length; i++) {
      const source = (first[y]! + i) * stride;
      for (let x = 0; x < stride; x++) sums[x]! += taps[i]! * rows[source + x]!;
    }
    for (let x = 0; x < stride; x++) data[y * stride + x] = Math.min(255, sums[x]!);
  }
  return { width, height, data };
}

function triangleTaps(from: number, to: number): Taps {
  const scale = from / to;
  const radius = Math.max(1, scale);
  const first = new Int32Array(to);
  const weights: Float32Array[] = [];
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const begin = Math.max(0, Math.floor(centre - radius + 0.5));
    const end = Math.min(from, Math.ceil(centre + radius - 0.5));
    const taps = Float32Array.from({ length: Math.max(1, end - begin) }, (_, k) =>
      Math.max(0, 1 - Math.abs(begin + k + 0.5 - centre) / radius),
    );
    const total = taps.reduce((sum, tap) => sum + tap, 0);
    first[i] = begin;
    weights.push(total > 0 ? taps.map(tap => tap / total) : Float32Array.of(1));
  }
  return { first, weights };
}
