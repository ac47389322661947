export {
  type AffineOptions,
  type ColorJitterOptions,
  colorJitter,
  type EraseOptions,
  flipHorizontal,
  grayscale,
  randomAffine,
  randomErase,
} from './image/augment';
export { type Augmentation, augmentations, imageTransform, type Transform } from './image/augmentations';
export { centerCrop, crop, normalize, type RandomCropOptions, randomResizedCrop } from './image/crop';
export { type DecodeOptions, decodeImage } from './image/decode-image';
export { type ImageHeader, readImageHeader } from './image/image-header';
export { canMirror } from './image/mirror';
export { type PictureFormat, pictureFormat } from './image/picture-format';
export { resize } from './image/resize';
export {
  type ElasticOptions,
  elasticWarp,
  type LineOptions,
  redrawLines,
  toneCurves,
} from './image/restyle';
export {
  type ConvPatcherOptions,
  convPatcher,
  type StageOptions,
  type StemOptions,
} from './patchers/conv-patcher';
export { linearPatcher } from './patchers/linear-patcher';
export { visionPlugin } from './patchers/plugin';
