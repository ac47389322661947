import { ImageError, type Random, type RgbImage } from '@simvlm/core';
import type { Filter } from './filter-taps';
import { resize } from './resize';

/** In pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of a picture, in whole pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle of the picture. @throws ImageError when it does not lie inside */
export function crop(image: RgbImage, { left, top, width, height }: Box): RgbImage {
  const inside =
    [left, top, width, height].every(Number.isInteger) &&
    left >= 0 &&
    top >= 0 &&
    width >= 1 &&
    height >= 1 &&
    left + width <= image.width &&
    top + height <= image.height;
  if (!inside)
    throw new ImageError(
      'IMAGE_UNREADABLE',
      `crop ${width} × ${height} at (${left}, ${top}) lies outside of ${image.width} × ${image.height}`,
    );
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/** The largest square in the middle, resized to `size` pixels a side: how pictures are read when not training. */
export function centerCrop(image: RgbImage, size: number, filter: Filter = 'bilinear'): RgbImage {
  const square = image.width === image.height ? image : crop(image, centerBox(image));
  return resize(square, { width: size, height: size, filter });
}

/** The largest square in the middle. */
export function centerBox({ width, height }: PictureSize): Box {
  const side = Math.min(width, height);
  return { left: (width - side) >> 1, top: (height - side) >> 1, width: side, height: side };
}

export interface RandomCropOptions {
  /** Side of the result in pixels. */
  readonly size: number;
  /** Least and largest share of the area; default 0.08 to 1. */
  readonly scale?: readonly [number, number];
  /** Least and largest width : height; default 3/4 to 4/3. */
  readonly ratio?: readonly [number, number];
  /** Default `bilinear`. */
  readonly filter?: Filter;
}

/**
 * The random resized crop of Inception training (Szegedy et al., 2015), the paper's only augmentation: a rectangle of random
 * area and (log-uniform) aspect ratio, resized to a square. Falls back to the centre when ten draws do not fit.
 */
export function randomResizedCrop(
  image: RgbImage,
  { size, filter = 'bilinear', ...options }: RandomCropOptions,
  random: Random,
): RgbImage {
  return resize(crop(image, randomBox(image, options, random)), { width: size, height: size, filter });
}

/** The rectangle that `randomResizedCrop` takes of a picture of this size. */
export function randomBox(
  picture: PictureSize,
  { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] }: Omit<RandomCropOptions, 'size'>,
  random: Random,
): Box {
  const area = picture.width * picture.height;
  for (let tries = 0; tries < 10; tries++) {
    const target = area * (scale[0] + (scale[1] - scale[0]) * random.uniform());
    const aspect = Math.exp(
      Math.log(ratio[0]) + (Math.log(ratio[1]) - Math.log(ratio[0])) * random.uniform(),
    );
    const width = Math.round(Math.sqrt(target * aspect));
    const height = Math.round(Math.sqrt(target / aspect));
    if (width < 1 || height < 1 || width > picture.width || height > picture.height) continue;
    const left = random.integer(picture.width - width + 1);
    const top = random.integer(picture.height - height + 1);
    return { left, top, width, height };
  }
  return centerBox(picture);
}

/** What is taken off each channel of a pixel in [0, 1], and what it is then divided by: part of a model, as it was trained. */
export interface PixelStatistics {
  readonly mean: readonly [red: number, green: number, blue: number];
  readonly std: readonly [red: number, green: number, blue: number];
}

/** To [−1, 1]. */
const HALVES: PixelStatistics = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** Pixels as `float32[h, w, 3]`, by default in [−1, 1]: what a model reads. */
export function normalize({ data }: RgbImage, { mean, std }: PixelStatistics = HALVES): Float32Array {
  // 256 values a channel: a table is exact, and as fast as a product.
  const tables = mean.map((each, c) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - each) / std[c]!),
  );
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    out[i] = red[data[i]!]!;
    out[i + 1] = green[data[i + 1]!]!;
    out[i + 2] = blue[data[i + 2]!]!;
  }
  return out;
}
