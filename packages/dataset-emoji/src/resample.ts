/** Pixels of the drawing, straight alpha: `width × height × 4` bytes, row-major. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Alpha up to this is a soft edge or a stray speck, not part of the picture. */
const VISIBLE = 8;

/**
 * The most a picture is enlarged beyond its artist's canvas. It fills the padding around OpenMoji's drawings
 * (two thirds of their canvas) and still keeps "small square" smaller than "large square".
 */
const MAX_ZOOM = 1.6;

/**
 * Crops a drawing to what is visible, centres it on white with a margin of size/32 and keeps its aspect.
 * Areas are averaged, so the raster should be two or more times larger than `size`.
 *
 * @returns `size × size × 3` bytes, row-major; all white when nothing is visible
 */
export function fitOnWhite(raster: Raster, size: number): Uint8Array {
  const output = new Uint8Array(size * size * 3).fill(255);
  const box = visibleBox(raster);
  if (!box) return output;
  const inner = size - 2 * Math.max(1, Math.round(size / 32));
  const scale = Math.min(
    inner / Math.max(box.right - box.left, box.bottom - box.top),
    (MAX_ZOOM * size) / Math.max(raster.width, raster.height),
  );
  const columns = spans(size, (box.left + box.right) / 2, scale, raster.width);
  const rows = spans(size, (box.top + box.bottom) / 2, scale, raster.height);

  // Rows first, as how far each pixel falls short of white: [size, raster.width, 3].
  const rowBytes = raster.width * 3;
  const across = new Float32Array(size * rowBytes);
  for (let y = 0; y < size; y++) {
    const { start, weights } = rows[y]!;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]! / 255;
      let from = ((start + i) * raster.width + box.left) * 4;
      let to = y * rowBytes + box.left * 3;
      for (let x = box.left; x < box.right; x++, from += 4, to += 3) {
        const alpha = raster.data[from + 3]! * weight;
        if (alpha === 0) continue;
        across[to]! += alpha * (255 - raster.data[from]!);
        across[to + 1]! += alpha * (255 - raster.data[from + 1]!);
        across[to + 2]! += alpha * (255 - raster.data[from + 2]!);
      }
    }
  }
  for (let y = 0, to = 0; y < size; y++)
    for (let x = 0; x < size; x++, to += 3) {
      const { start, weights } = columns[x]!;
      let from = y * rowBytes + start * 3;
      let red = 255;
      let green = 255;
      let blue = 255;
      for (let i = 0; i < weights.length; i++, from += 3) {
        const weight = weights[i]!;
        red -= weight * across[from]!;
        green -= weight * across[from + 1]!;
        blue -= weight * across[from + 2]!;
      }
      output[to] = Math.round(red);
      output[to + 1] = Math.round(green);
      output[to + 2] = Math.round(blue);
    }
  return output;
}

/** Half-open box around the visible pixels. */
function visibleBox({ width, height, data }: Raster) {
  let left = width;
  let top = height;
  let right = 0;
  let bottom = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (data[(y * width + x) * 4 + 3]! <= VISIBLE) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  return right > left ? { left, top, right, bottom } : undefined;
}

/**
 * Which source pixels each output pixel covers along one axis, and by how much of its own area; what lies
 * outside of the source has no weight, and so stays white.
 */
function spans(size: number, centre: number, scale: number, length: number) {
  return Array.from({ length: size }, (_, at) => {
    const from = centre + (at - size / 2) / scale;
    const to = from + 1 / scale;
    const start = Math.max(0, Math.floor(from));
    const end = Math.min(length, Math.ceil(to));
    const weights: number[] = [];
    for (let i = start; i < end; i++) weights.push((Math.min(i + 1, to) - Math.max(i, from)) * scale);
    return { start, weights };
  });
}
