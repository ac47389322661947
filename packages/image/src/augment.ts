import type { Random, RgbImage } from '@simvlm/core';
import { sampleBilinear } from './sample';

export interface AffineOptions {
  /** Rotation drawn from ± this many degrees. */
  readonly rotate?: number;
  /** Scale drawn log-uniformly from this range. */
  readonly scale?: readonly [number, number];
  /** Translation drawn from ± this share of the side. */
  readonly translate?: number;
  /** Shear drawn from ± this tangent. */
  readonly shear?: number;
  /** Colour (0 to 255) of what comes from outside; default 255, white. */
  readonly fill?: number;
}

/** A random rotation, scaling, shear and translation about the centre, sampled bilinearly; the size stays. */
export function randomAffine(
  image: RgbImage,
  { rotate = 0, scale = [1, 1], translate = 0, shear = 0, fill = 255 }: AffineOptions,
  random: Random,
): RgbImage {
  const spread = (limit: number) => (2 * random.uniform() - 1) * limit;
  const angle = (spread(rotate) * Math.PI) / 180;
  const zoom = Math.exp(Math.log(scale[0]) + (Math.log(scale[1]) - Math.log(scale[0])) * random.uniform());
  const slant = spread(shear);
  const [dx, dy] = [spread(translate) * image.width, spread(translate) * image.height];
  const [cos, sin] = [Math.cos(angle) / zoom, Math.sin(angle) / zoom];
  // The inverse map: where each output pixel comes from.
  return warp(image, fill, { xx: cos, xy: sin + slant * cos, yx: -sin, yy: cos - slant * sin, dx, dy });
}

interface InverseMap {
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly dx: number;
  readonly dy: number;
}

function warp(image: RgbImage, fill: number, map: InverseMap): RgbImage {
  const { width, height, data } = image;
  const out = new Uint8Array(data.length);
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const [u, v] = [x - cx - map.dx, y - cy - map.dy];
      const sx = map.xx * u + map.xy * v + cx;
      const sy = map.yx * u + map.yy * v + cy;
      sampleBilinear(image, sx, sy, fill, out, at);
    }
  }
  return { width, height, data: out };
}

export interface ColorJitterOptions {
  /** Brightness factor drawn from 1 ± this. */
  readonly brightness?: number;
  /** Contrast factor about the mean grey, drawn from 1 ± this. */
  readonly contrast?: number;
  /** Saturation factor about each pixel's grey, drawn from 1 ± this. */
  readonly saturation?: number;
  /** Hue rotation drawn from ± this share of the circle. */
  readonly hue?: number;
}

/** Luma of ITU-R BT.601. */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114];

/** Random brightness, contrast, saturation and hue, as one linear map of the colours. */
export function colorJitter(image: RgbImage, options: ColorJitterOptions, random: Random): RgbImage {
  const factor = (limit = 0) => 1 + (2 * random.uniform() - 1) * limit;
  const brightness = factor(options.brightness);
  const contrast = factor(options.contrast);
  const saturation = factor(options.saturation);
  const turn = (factor(options.hue) - 1) * 2 * Math.PI;
  const offset = (1 - contrast) * meanGrey(image) * brightness;
  return mapColors(
    image,
    scaled(multiply(saturationMatrix(saturation), hueMatrix(turn)), brightness * contrast),
    offset,
  );
}

/** The picture in grey, with three equal channels. */
export function grayscale(image: RgbImage): RgbImage {
  return mapColors(image, saturationMatrix(0), 0);
}

/** The picture mirrored left to right. */
export function flipHorizontal({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + width - 1 - x) * 3;
      out.set(data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data: out };
}

export interface EraseOptions {
  /** Least and largest share of the area; default 0.02 to 0.33. */
  readonly area?: readonly [number, number];
  /** Least and largest height : width, drawn log-uniformly; default 0.3 to 3.3. */
  readonly ratio?: readonly [number, number];
}

/** The picture with a rectangle of one random colour somewhere in it: Random Erasing (Zhong et al., 2017), for one picture. */
export function randomErase(
  { width, height, data }: RgbImage,
  { area = [0.02, 0.33], ratio = [0.3, 3.3] }: EraseOptions,
  random: Random,
): RgbImage {
  const share = (area[0] + (area[1] - area[0]) * random.uniform()) * width * height;
  const aspect = Math.exp(Math.log(ratio[0]) + Math.log(ratio[1] / ratio[0]) * random.uniform());
  const h = Math.max(1, Math.min(height, Math.round(Math.sqrt(share * aspect))));
  const w = Math.max(1, Math.min(width, Math.round(Math.sqrt(share / aspect))));
  const [left, top] = [random.integer(width - w + 1), random.integer(height - h + 1)];
  const colour = [random.integer(256), random.integer(256), random.integer(256)];
  const out = data.slice();
  for (let y = top; y < top + h; y++)
    for (let x = left; x < left + w; x++) out.set(colour, (y * width + x) * 3);
  return { width, height, data: out };
}

type Matrix = readonly number[];

function mapColors({ width, height, data }: RgbImage, m: Matrix, offset: number): RgbImage {
  const out = new Uint8ClampedArray(data.length);
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = m as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
    out[i] = rr * r + rg * g + rb * b + offset;
    out[i + 1] = gr * r + gg * g + gb * b + offset;
    out[i + 2] = br * r + bg * g + bb * b + offset;
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

function saturationMatrix(s: number): Matrix {
  const [r, g, b] = [(1 - s) * RED, (1 - s) * GREEN, (1 - s) * BLUE];
  return [r + s, g, b, r, g + s, b, r, g, b + s];
}

/** A rotation of the colours about the grey axis. */
function hueMatrix(angle: number): Matrix {
  const c = Math.cos(angle);
  const s = Math.sin(angle) / Math.sqrt(3);
  const k = (1 - c) / 3;
  return [c + k, k - s, k + s, k + s, c + k, k - s, k - s, k + s, c + k];
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!;
  });
}

function scaled(m: Matrix, factor: number): Matrix {
  return m.map(value => value * factor);
}

function meanGrey({ data }: RgbImage): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += RED * data[i]! + GREEN * data[i + 1]! + BLUE * data[i + 2]!;
  return (3 * sum) / data.length;
}
