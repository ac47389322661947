import { ConfigError, type Random, type RgbImage } from '@simvlm/core';
import {
  type AffineOptions,
  type ColorJitterOptions,
  colorJitter,
  flipHorizontal,
  grayscale,
  randomAffine,
  randomErase,
} from './augment';
import { type Box, centerBox, crop, type PictureSize, randomBox } from './crop';
import { canMirror } from './mirror';
import { elasticWarp, redrawLines, toneCurves } from './restyle';
import { type SquareOptions, squareOf } from './square';

/**
 * The named ways to vary training pictures, as a run configuration has them under `augment`:
 *
 * - `none`: the square in the middle, as when not training
 * - `crop`: random resized crops alone, as the paper trains SimVLM
 * - `drawing`: the whole picture, its shape and its colours varied mildly: for few pictures, and where a caption names all of one
 * - `drawing-strong`: crops, erased rectangles, stronger shapes and colours, and a mirror where the caption allows one: for so many
 *   passes over few pictures that they would be learnt by heart otherwise
 * - `drawing-restyled`: the same, and as another hand might have drawn it: bent, with heavier, finer or softer lines, outlined, in other
 *   tones: where pictures by artists that were not trained on are to be captioned
 */
export const augmentations = ['none', 'crop', 'drawing', 'drawing-strong', 'drawing-restyled'] as const;
export type Augmentation = (typeof augmentations)[number];

/** Makes the model's square input from a training picture and its caption; what is random is drawn from the given stream alone. */
export type Transform = (image: RgbImage, random: Random, text: string) => RgbImage;

/**
 * The transform of a name, as a function.
 *
 * @param side of the square result in pixels, from 1 on
 * @throws ConfigError when there is no augmentation of this name
 */
export function imageTransform(kind: Augmentation, side: number): Transform {
  checkAugmentation(kind);
  return (image, random, text) => varyPicture(image, { size: side, augment: kind }, random, canMirror(text));
}

export interface VaryOptions extends SquareOptions {
  /** Default `none`. */
  readonly augment?: Augmentation;
}

/**
 * The square that a model reads of a training picture. What is random is drawn from `random` alone.
 *
 * @param mirror whether the picture may be mirrored
 * @throws ConfigError when there is no augmentation of this name
 */
function varyPicture(image: RgbImage, options: VaryOptions, random: Random, mirror: boolean): RgbImage {
  const box = trainingBox(image, options, random);
  return varySquare(squareOf(box ? crop(image, box) : image, options, box), options, random, mirror);
}

/**
 * The rectangle of a training picture of this size that its square is made of; undefined: the whole picture, fitted. It needs no pixels,
 * so that less than all of them may be decoded.
 */
export function trainingBox(
  picture: PictureSize,
  { augment = 'none', fit = 'crop' }: VaryOptions,
  random: Random,
): Box | undefined {
  checkAugmentation(augment);
  if (augment === 'crop') return randomBox(picture, {}, random);
  const drawn = augment === 'drawing-strong' ? strongBox(picture, random) : undefined;
  return drawn ?? (fit === 'crop' ? centerBox(picture) : undefined);
}

/** What is varied once the picture is square. */
export function varySquare(
  square: RgbImage,
  { augment = 'none', ...options }: VaryOptions,
  random: Random,
  mirror: boolean,
): RgbImage {
  checkAugmentation(augment);
  switch (augment) {
    case 'none':
    case 'crop':
      return square;
    case 'drawing':
      return vary(square, random, MILD);
    case 'drawing-strong':
      return varyStrongly(square, random, mirror);
    case 'drawing-restyled': {
      const styled = restyle(square, random.fork('style'));
      const box = strongBox(styled, random);
      return varyStrongly(box ? squareOf(crop(styled, box), options, box) : styled, random, mirror);
    }
  }
}

function checkAugmentation(kind: Augmentation): void {
  if (!augmentations.includes(kind))
    throw new ConfigError(
      'CONFIG_INVALID',
      `no augmentation "${kind}"; there are ${augmentations.join(', ')}`,
    );
}

/** Half of the pictures keep all that they show. */
function strongBox(picture: PictureSize, random: Random): Box | undefined {
  return random.fork('crop').uniform() < 0.5
    ? undefined
    : randomBox(picture, { scale: [0.65, 1] }, random.fork('crop-box'));
}

function varyStrongly(square: RgbImage, random: Random, mirror: boolean): RgbImage {
  const mirrored = mirror && random.fork('mirror').uniform() < 0.5 ? flipHorizontal(square) : square;
  const varied = vary(mirrored, random, STRONG);
  const erase = random.fork('erase');
  return erase.uniform() < 0.3 ? randomErase(varied, { area: [0.02, 0.15] }, erase) : varied;
}

/** What artists do differently, each drawn apart, so that some pictures keep their lines and some their tones. */
function restyle(image: RgbImage, random: Random): RgbImage {
  let styled = image;
  if (random.uniform() < 0.5)
    styled = elasticWarp(styled, { strength: 0.035, points: 4 }, random.fork('elastic'));
  const lines = random.fork('lines');
  const share = (probability: number, most: number) =>
    lines.uniform() < probability ? most * lines.uniform() : 0;
  const [heavier, finer, outline, blur] = [
    share(0.25, 0.8),
    share(0.25, 0.8),
    share(0.25, 1),
    share(0.25, 1),
  ];
  if (heavier + finer + outline + blur > 0)
    styled = redrawLines(styled, { weight: heavier - finer, outline, blur });
  return random.uniform() < 0.5 ? toneCurves(styled, 1.8, random.fork('tones')) : styled;
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
