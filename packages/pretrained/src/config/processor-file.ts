import type { SimVlmConfig } from '@simvlm/model';
import { invalid } from '../invalid';
import { float, type LiteralJson } from './json-text';

const RESAMPLE = { bilinear: 2, bicubic: 3 } as const;

/**
 * What an image processor of transformers must do to see pictures as the model does: what `pictureOf` reads.
 *
 * @param given its file as it was, whose other settings stay
 * @param type such as `CLIPImageProcessor`, where the file does not say
 */
export function processorFile(
  given: Readonly<LiteralJson>,
  type: string,
  { picture, imageSize }: SimVlmConfig,
): LiteralJson {
  const { fit, filter, mean, std } = picture ?? {};
  if (!(fit === 'resize-crop' || fit === 'squash') || !filter || !mean || !std)
    throw invalid(
      'model.json: "picture" is not that of an imported model: it needs fit, filter, mean and std',
    );
  const square = { height: imageSize, width: imageSize };
  const crops = fit === 'resize-crop';
  // Older files name a class that is gone, such as CLIPFeatureExtractor.
  const { feature_extractor_type: old, ...rest } = given;
  const named = String(given.image_processor_type ?? old ?? type).replace(
    /FeatureExtractor$/,
    'ImageProcessor',
  );
  return {
    ...rest,
    image_processor_type: named,
    do_resize: true,
    size: crops ? { shortest_edge: imageSize } : square,
    resample: RESAMPLE[filter],
    do_center_crop: crops,
    ...(crops && { crop_size: square }),
    do_rescale: true,
    rescale_factor: given.rescale_factor ?? float(1 / 255),
    do_normalize: true,
    image_mean: mean.map(float),
    image_std: std.map(float),
  };
}
