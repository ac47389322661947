import type { Random, RgbImage } from '@simvlm/core';
import { centerCrop, colorJitter, grayscale, randomAffine, randomResizedCrop } from '@simvlm/vision-patcher';

/** How training pictures are varied. `crop` is the paper's: random resized crops only. `drawing` is for small drawings. */
export const augmentations = ['none', 'crop', 'drawing'] as const;
export type Augmentation = (typeof augmentations)[number];

/** Makes the model's square input of `side` pixels from a training picture, with draws from the given stream. */
export function transformer(kind: Augmentation, side: number): (image: RgbImage, random: Random) => RgbImage {
  if (kind === 'none') return image => centerCrop(image, side);
  if (kind === 'crop') return (image, random) => randomResizedCrop(image, { size: side }, random);
  return (image, random) => vary(centerCrop(image, side), random);
}

/** Artists differ in outline, proportion and palette: shape and colour both vary, so that neither is learnt by heart. */
function vary(image: RgbImage, random: Random): RgbImage {
  const shaped = randomAffine(
    image,
    { rotate: 12, scale: [0.85, 1.15], translate: 0.06, shear: 0.12 },
    random.fork('affine'),
  );
  const colours = random.fork('colour');
  if (colours.uniform() < 0.1) return grayscale(shaped);
  return colorJitter(shaped, { brightness: 0.25, contrast: 0.25, saturation: 0.35, hue: 0.04 }, colours);
}
