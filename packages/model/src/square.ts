import type { PictureConfig, SimVlmConfig } from './config';

/** How a picture becomes the square that a model reads, as `squareImage` of `@simvlm/image` takes it. */
export interface PictureSquare extends Pick<PictureConfig, 'fit' | 'filter'> {
  /** Side in pixels. */
  readonly size: number;
}

/**
 * The square that a model reads, for captions, evaluation and training alike.
 *
 * @param otherwise how it is fitted where the model does not say; default `crop`
 */
export function pictureSquare(
  { imageSize: size, picture = {} }: Pick<SimVlmConfig, 'imageSize' | 'picture'>,
  otherwise?: PictureConfig['fit'],
): PictureSquare {
  const { fit = otherwise, filter } = picture;
  return { size, ...(fit && { fit }), ...(filter && { filter }) };
}
