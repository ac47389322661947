import type { Random, RgbImage } from '@simvlm/core';
import { sampleBilinear } from './sample';

export interface ElasticOptions {
  /** Standard deviation of the displacement at the grid's points, as a share of the side. */
  readonly strength: number;
  /** Points of the grid along each side, from 2 on; the fewer, the larger what is bent as one. */
  readonly points: number;
  /** Colour (0 to 255) of what comes from outside; default 255, white. */
  readonly fill?: number;
}

/**
 * The picture bent smoothly: points of a coarse grid are moved at random and what lies between follows, after the elastic distortions
 * of Simard et al. (Best Practices for Convolutional Neural Networks, 2003), sampled bilinearly.
 */
export function elasticWarp(
  image: RgbImage,
  { strength, points, fill = 255 }: ElasticOptions,
  random: Random,
): RgbImage {
  const { width, height, data } = image;
  const moves = Float64Array.from(
    { length: 2 * points * points },
    (_, i) => random.normal() * strength * (i % 2 === 0 ? width : height),
  );
  const out = new Uint8Array(data.length);
  const columns = gridWeights(width, points);
  const rows = gridWeights(height, points);
  for (let y = 0, to = 0; y < height; y++) {
    const { cell: row, share: v } = rows[y]!;
    for (let x = 0; x < width; x++, to += 3) {
      const { cell: column, share: u } = columns[x]!;
      const p = 2 * (row * points + column);
      const q = p + 2 * points;
      const move = (axis: number) =>
        (1 - v) * ((1 - u) * moves[p + axis]! + u * moves[p + 2 + axis]!) +
        v * ((1 - u) * moves[q + axis]! + u * moves[q + 2 + axis]!);
      sampleBilinear(image, x + move(0), y + move(1), fill, out, to);
    }
  }
  return { width, height, data: out };
}

/** For each pixel along a side the grid's cell and how far in it the pixel lies, eased so that cells join smoothly. */
function gridWeights(side: number, points: number): { cell: number; share: number }[] {
  return Array.from({ length: side }, (_, i) => {
    const place = side === 1 ? 0 : (i / (side - 1)) * (points - 1);
    const cell = Math.min(Math.floor(place), points - 2);
    const t = place - cell;
    return { cell, share: t * t * (3 - 2 * t) };
  });
}

/** Each channel through a tone curve of its own, x ↦ x^γ with γ drawn log-uniformly from 1/`most` to `most`: black and white stay. */
export function toneCurves({ width, height, data }: RgbImage, most: number, random: Random): RgbImage {
  const curves = Array.from({ length: 3 }, () => {
    const gamma = Math.exp((2 * random.uniform() - 1) * Math.log(most));
    return Uint8Array.from({ length: 256 }, (_, x) => Math.round(255 * (x / 255) ** gamma));
  });
  return { width, height, data: data.map((x, i) => curves[i % 3]![x]!) };
}

/** How lines are drawn: each share from 0, as it was, to 1, in full. */
export interface LineOptions {
  /** Dark parts grow by a pixel (1) or light ones do (-1). */
  readonly weight: number;
  /** Edges are drawn in black. */
  readonly outline: number;
  /** Averaged over 3 × 3 pixels. */
  readonly blur: number;
}

/** The picture with other lines: heavier or finer, outlined, softer. Deterministic. */
export function redrawLines(
  { width, height, data }: RgbImage,
  { weight, outline, blur }: LineOptions,
): RgbImage {
  const out = new Uint8ClampedArray(data.length);
  const lowest = neighbourhood(data, width, height, Math.min);
  const highest = neighbourhood(data, width, height, Math.max);
  const sum = blur > 0 ? neighbourhood(data, width, height, (a, b, c) => a + b + c) : data;
  const grown = weight > 0 ? lowest : highest;
  const share = Math.abs(weight);
  for (let i = 0; i < data.length; i += 3) {
    let edge = 0;
    for (let c = 0; c < 3; c++) edge = Math.max(edge, highest[i + c]! - lowest[i + c]!);
    const ink = 1 - (outline * edge) / 255;
    for (let c = 0; c < 3; c++) {
      const drawn = (1 - share) * data[i + c]! + share * grown[i + c]!;
      out[i + c] = ink * (blur > 0 ? (1 - blur) * drawn + (blur * sum[i + c]!) / 9 : drawn);
    }
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

/** `combine` over the 3 × 3 pixels around each, first along rows, then along columns; the border repeats. */
function neighbourhood(
  data: Uint8Array,
  width: number,
  height: number,
  combine: (a: number, b: number, c: number) => number,
): Uint16Array {
  const rows = new Uint16Array(data.length);
  const out = new Uint16Array(data.length);
  const line = width * 3;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        const i = y * line + x * 3 + c;
        rows[i] = combine(data[x > 0 ? i - 3 : i]!, data[i]!, data[x < width - 1 ? i + 3 : i]!);
      }
  for (let i = 0; i < data.length; i++)
    out[i] = combine(rows[i >= line ? i - line : i]!, rows[i]!, rows[i + line < data.length ? i + line : i]!);
  return out;
}
