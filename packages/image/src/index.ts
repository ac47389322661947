export {
  type AffineOptions,
  type ColorJitterOptions,
  colorJitter,
  type EraseOptions,
  flipHorizontal,
  grayscale,
  randomAffine,
  randomErase,
} from './augment';
export { type Augmentation, augmentations, imageTransform, type Transform } from './augmentations';
export {
  centerCrop,
  crop,
  normalize,
  type PixelStatistics,
  type RandomCropOptions,
  randomResizedCrop,
} from './crop';
export { type DecodeOptions, decodeImage } from './decode-image';
export { type Drawable, drawnImage } from './drawn-image';
export type { Filter } from './filter-taps';
export { type ImageHeader, MAX_PIXELS, readImageHeader } from './image-header';
export { canMirror } from './mirror';
export { type PictureFormat, pictureFormat } from './picture-format';
export {
  type PictureDraw,
  type PictureJob,
  type PictureTransform,
  preparePicture,
} from './picture-job';
export { openPicturePool, type PicturePool, type PicturePoolOptions } from './picture-pool';
export { type ResizeOptions, resize } from './resize';
export { type ElasticOptions, elasticWarp, type LineOptions, redrawLines, toneCurves } from './restyle';
export { type Fit, fits, type SquareOptions, squareImage } from './square';
