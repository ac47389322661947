import type { RgbImage } from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import type { SquareOptions } from '@simvlm/image';
import { type Features, pictureSquare, picturesAtOnce, type SimVlm } from '@simvlm/model';

/** What makes a vector of a picture. */
export interface Vectors {
  /** How pictures become square first. */
  readonly square: SquareOptions;
  /** Pictures at a time. */
  readonly atOnce: number;
  of(images: readonly RgbImage[]): Promise<Features>;
}

/** The features of a frozen model: see `SimVlm.features`. */
export function modelVectors(model: SimVlm): Vectors {
  return {
    square: pictureSquare(model.config),
    atOnce: picturesAtOnce(model),
    of: images => model.features(imagePixels(images)),
  };
}

/** The baseline that has seen no training: the colours of a picture at `size` pixels a side, from −1 to 1, as a vector. */
export function pixelVectors(size: number): Vectors {
  return {
    ...{ square: { size }, atOnce: 64 },
    of: async images => ({
      width: size * size * 3,
      values: Float32Array.from(imagePixels(images), byte => byte / 127.5 - 1),
    }),
  };
}
