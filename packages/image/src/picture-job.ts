import { Random, type RandomState, type RgbImage } from '@simvlm/core';
import { type Augmentation, varyPicture } from './augmentations';
import { decodeImage } from './decode-image';
import type { Filter } from './filter-taps';
import { type Fit, squareImage } from './square';

/** How a picture becomes the square that a model reads. Data, not functions: a worker gets it as a message, a checkpoint can hold it. */
export interface PictureTransform {
  /** Side of the square in pixels, from 1 on. */
  readonly size: number;
  /** How a training picture is varied; default `none`. */
  readonly augment?: Augmentation;
  /** How a picture that is not square is fitted, where no crop is drawn; default `crop`. */
  readonly fit?: Fit;
  /** Default `bilinear`. */
  readonly filter?: Filter;
}

/** What is random about a training picture. */
export interface PictureDraw {
  /** Every draw comes from it: the same state gives the same picture, in any thread. */
  readonly random: RandomState;
  /** Whether the picture may be mirrored: every text that belongs to it allows it (`canMirror`). */
  readonly mirror: boolean;
}

export interface PictureJob {
  /** A picture file, or a picture that is decoded already. It must not change until the job is done. */
  readonly picture: Uint8Array | RgbImage;
  readonly transform: PictureTransform;
  /** Absent in evaluation: nothing is varied. */
  readonly draw?: PictureDraw;
}

/**
 * The square that a model reads, made in this thread. `openPicturePool` does the same in others.
 *
 * @throws ImageError for a picture that cannot be decoded; ConfigError for an unknown augmentation or fit
 */
export async function preparePicture({ picture, transform, draw }: PictureJob): Promise<RgbImage> {
  const image = picture instanceof Uint8Array ? await decodeImage(picture) : picture;
  if (!draw) return squareImage(image, transform);
  return varyPicture(image, transform, Random.restore(draw.random), draw.mirror);
}
