import type { PictureConfig } from '@simvlm/model';
import { unsupported } from '../invalid';
import type { ConfigObject } from './config-object';

type Colours = readonly [number, number, number];

const CLIP = {
  mean: [0.48145466, 0.4578275, 0.40821073] as Colours,
  std: [0.26862954, 0.26130258, 0.27577711] as Colours,
};
const HALF = { mean: [0.5, 0.5, 0.5] as Colours, std: [0.5, 0.5, 0.5] as Colours };

/** What an image processor of transformers does where its file does not say. `crop`: the shortest edge is fitted, then the middle is cut out. */
const PROCESSORS: Readonly<Record<string, { crop: boolean; resample: number } & typeof CLIP>> = {
  CLIP: { crop: true, resample: 3, ...CLIP },
  Blip: { crop: false, resample: 3, ...CLIP },
  ViT: { crop: false, resample: 2, ...HALF },
};

/** Pillow's numbers of the filters that are known here. */
const FILTERS: Readonly<Record<number, NonNullable<PictureConfig['filter']>>> = {
  2: 'bilinear',
  3: 'bicubic',
};

/**
 * How a model sees pictures, from the file of its image processor.
 *
 * @param processor an empty object where there is no such file
 * @param usual the image processor that the family has
 * @param imageSize what the model's own configuration says, in pixels
 * @throws CheckpointError for a step that is not known, by its key, and for another size than the model's
 */
export function pictureOf(processor: ConfigObject, usual: string, imageSize: number): PictureConfig {
  const { crop: crops, resample, mean, std } = defaultsOf(processor, usual);
  for (const key of ['do_resize', 'do_rescale', 'do_normalize']) processor.mustBe(key, true);
  const factor = processor.number('rescale_factor', 1 / 255);
  if (Math.abs(factor - 1 / 255) > 1e-9)
    throw unsupported(`${processor.where}: rescale_factor is ${factor}; only 1/255 can be imported`);
  const size = sizeOf(processor, 'size', imageSize);
  const crop = processor.boolean('do_center_crop', crops);
  const cropped = sizeOf(processor, 'crop_size', imageSize);
  // A number alone means the shortest edge where the middle is cut out afterwards, else both sides.
  const shortest = size.shortest || (size.plain && crops);
  if (shortest && !crop)
    throw unsupported(
      `${processor.where}: do_center_crop is false where size fits the shortest edge: pictures would not be square`,
    );
  for (const [key, pixels] of [
    ['size', size.pixels],
    ...(crop ? [['crop_size', cropped.pixels]] : []),
  ] as const)
    if (pixels !== imageSize)
      throw unsupported(
        `${processor.where}: ${key} is ${pixels} pixels, and the model is for ${imageSize}; only equal ones can be imported`,
      );
  const filter = processor.integer('resample', resample, 0);
  if (!Object.hasOwn(FILTERS, filter))
    throw unsupported(
      `${processor.where}: resample is ${filter}; only 2 (bilinear) and 3 (bicubic) can be imported`,
    );
  return {
    fit: shortest ? 'resize-crop' : 'squash',
    filter: FILTERS[filter]!,
    mean: processor.colours('image_mean', mean),
    std: processor.colours('image_std', std),
  };
}

function defaultsOf(processor: ConfigObject, usual: string) {
  const name =
    processor.string('image_processor_type') ?? processor.string('feature_extractor_type') ?? usual;
  const [, kind] = /^(\w+?)(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/.exec(name) ?? [];
  if (kind === undefined || !Object.hasOwn(PROCESSORS, kind))
    throw unsupported(
      `${processor.where}: its image processor is "${name}"; those that can be imported: ${Object.keys(
        PROCESSORS,
      )
        .map(each => `${each}ImageProcessor`)
        .join(', ')}`,
    );
  return PROCESSORS[kind]!;
}

/** A size as a number, as the shortest edge, or as two equal sides. */
function sizeOf(processor: ConfigObject, key: string, absent: number) {
  if (!processor.has(key)) return { pixels: absent, plain: true, shortest: false };
  if (typeof processor.json[key] === 'number')
    return { pixels: processor.integer(key, absent), plain: true, shortest: false };
  const size = processor.object(key);
  if (size.has('shortest_edge'))
    return { pixels: size.integer('shortest_edge', absent), plain: false, shortest: true };
  const [height, width] = [size.integer('height', absent), size.integer('width', absent)];
  if (height !== width)
    throw unsupported(`${size.where} is ${width} × ${height} pixels; only squares can be imported`);
  return { pixels: height, plain: false, shortest: false };
}
