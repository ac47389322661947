import { Random, type RandomState, type RgbImage } from '@simvlm/core';
import { type Augmentation, trainingBox, varySquare } from './augmentations';
import { centerBox, type PictureSize } from './crop';
import { cutBox, decodeBox } from './decode-box';
import type { Filter } from './filter-taps';
import { type Fit, squareOf } from './square';

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
  /** Draws the same each time it is asked. */
  const boxOf = (size: PictureSize) => {
    if (draw) return trainingBox(size, transform, Random.restore(draw.random));
    return (transform.fit ?? 'crop') === 'crop' ? centerBox(size) : undefined;
  };
  const part = picture instanceof Uint8Array ? await decodeBox(picture, boxOf) : cutBox(picture, boxOf);
  const square = squareOf(part.image, transform, part.box);
  return draw ? varySquare(square, transform, Random.restore(draw.random), draw.mirror) : square;
}
