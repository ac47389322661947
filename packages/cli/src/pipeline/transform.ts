import type { Random, RgbImage } from '@simvlm/core';
import {
  type AffineOptions,
  type ColorJitterOptions,
  centerCrop,
  colorJitter,
  flipHorizontal,
  grayscale,
  randomAffine,
  randomErase,
  randomResizedCrop,
} from '@simvlm/vision-patcher';
import { canMirror } from './mirror';

/**
 * How training pictures are varied. `crop` is the paper's: random resized crops only. `drawing` is for small drawings; `drawing-strong`
 * for so many passes over so few of them that they would be learnt by heart otherwise.
 */
export const augmentations = ['none', 'crop', 'drawing', 'drawing-strong'] as const;
export type Augmentation = (typeof augmentations)[number];

/** Makes the model's square input from a training picture and its caption, with draws from the given stream. */
export type Transform = (image: RgbImage, random: Random, text: string) => RgbImage;

/** @param side of the result in pixels */
export function transformer(kind: Augmentation, side: number): Transform {
  if (kind === 'none') return image => centerCrop(image, side);
  if (kind === 'crop') return (image, random) => randomResizedCrop(image, { size: side }, random);
  if (kind === 'drawing') return (image, random) => vary(centerCrop(image, side), random, MILD);
  return (image, random, text) => {
    const cropped =
      random.fork('crop').uniform() < 0.5
        ? centerCrop(image, side)
        : randomResizedCrop(image, { size: side, scale: [0.65, 1] }, random.fork('crop-box'));
    const mirrored =
      canMirror(text) && random.fork('mirror').uniform() < 0.5 ? flipHorizontal(cropped) : cropped;
    const varied = vary(mirrored, random, STRONG);
    const erase = random.fork('erase');
    return erase.uniform() < 0.3 ? randomErase(varied, { area: [0.02, 0.15] }, erase) : varied;
  };
}

interface Variation {
  readonly shape: AffineOptions;
  readonly colour: ColorJitterOptions;
  /** Probability of a picture without colour. */
  readonly grey: number;
}

/** Artists differ in outline, proportion and palette: shape and colour both vary, so that neither is learnt by heart. */
const MILD: Variation = {
  shape: { rotate: 12, scale: [0.85, 1.15], translate: 0.06, shear: 0.12 },
  colour: { brightness: 0.25, contrast: 0.25, saturation: 0.35, hue: 0.04 },
  grey: 0.1,
};

const STRONG: Variation = {
  shape: { rotate: 15, scale: [0.75, 1.2], translate: 0.1, shear: 0.18 },
  colour: { brightness: 0.35, contrast: 0.4, saturation: 0.6, hue: 0.06 },
  grey: 0.15,
};

function vary(image: RgbImage, random: Random, { shape, colour, grey }: Variation): RgbImage {
  const shaped = randomAffine(image, shape, random.fork('affine'));
  const colours = random.fork('colour');
  return colours.uniform() < grey ? grayscale(shaped) : colorJitter(shaped, colour, colours);
}
