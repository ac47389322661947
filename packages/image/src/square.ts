import { ConfigError, type RgbImage } from '@simvlm/core';
import { type Box, centerCrop, crop } from './crop';
import type { Filter } from './filter-taps';
import { resize } from './resize';

/**
 * How a picture that is not square becomes the square that a model reads:
 *
 * ```
 * crop          the largest square in the middle, resized                             SimVLM here
 * resize-crop   the shorter side resized, then the square in the middle               CLIP, GIT
 * squash        both sides resized, whatever the shape                                ViT, BLIP
 * pad           the longer side resized, the rest filled on both sides                pictures whose edges matter
 * ```
 */
export const fits = ['crop', 'resize-crop', 'squash', 'pad'] as const;
export type Fit = (typeof fits)[number];

export interface SquareOptions {
  /** Side of the result in pixels, from 1 on. */
  readonly size: number;
  /** Default `crop`. */
  readonly fit?: Fit;
  /** Default `bilinear`. */
  readonly filter?: Filter;
  /** Colour of what `pad` adds; default black. */
  readonly fill?: readonly [red: number, green: number, blue: number];
}

/** The square that a model reads when nothing is varied. @throws ConfigError for another `fit`; ImageError for a size that is none */
export function squareImage(
  image: RgbImage,
  { size, fit = 'crop', filter = 'bilinear', fill = [0, 0, 0] }: SquareOptions,
): RgbImage {
  switch (fit) {
    case 'crop':
      return centerCrop(image, size, filter);
    case 'resize-crop':
      return middle(resize(image, { ...shorterSide(image, size), filter }), size);
    case 'squash':
      return resize(image, { width: size, height: size, filter });
    case 'pad':
      return padded(resize(image, { ...longerSide(image, size), filter }), size, fill);
    default:
      throw new ConfigError('CONFIG_INVALID', `no fit "${fit}"; there are ${fits.join(', ')}`);
  }
}

/** The square of a picture that is cut to a box already: then only its size changes. */
export function squareOf(image: RgbImage, options: SquareOptions, box: Box | undefined): RgbImage {
  const { size, filter = 'bilinear' } = options;
  return box ? resize(image, { width: size, height: size, filter }) : squareImage(image, options);
}

/** As CLIP's processor rounds: what is cut off is less than a pixel. */
function shorterSide({ width, height }: RgbImage, size: number): { width: number; height: number } {
  return width < height
    ? { width: size, height: Math.floor((size * height) / width) }
    : { width: Math.floor((size * width) / height), height: size };
}

function longerSide({ width, height }: RgbImage, size: number): { width: number; height: number } {
  const other = (shorter: number, longer: number) => Math.max(1, Math.round((size * shorter) / longer));
  return width < height
    ? { width: other(width, height), height: size }
    : { width: size, height: other(height, width) };
}

function middle(image: RgbImage, size: number): RgbImage {
  const [left, top] = [(image.width - size) >> 1, (image.height - size) >> 1];
  return crop(image, { left, top, width: size, height: size });
}

function padded(
  { width, height, data }: RgbImage,
  size: number,
  fill: readonly [number, number, number],
): RgbImage {
  const out = new Uint8Array(size * size * 3);
  for (let at = 0; at < out.length; at += 3) out.set(fill, at);
  const [left, top] = [(size - width) >> 1, (size - height) >> 1];
  for (let y = 0; y < height; y++)
    out.set(data.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * size + left) * 3);
  return { width: size, height: size, data: out };
}
