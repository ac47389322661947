import {
  DataError,
  type Example,
  type ExampleOutline,
  ImageError,
  type JsonValue,
  type Random,
  type RgbImage,
  type Sample,
  type SampleImage,
} from '@simvlm/core';
import {
  canMirror,
  type PictureDraw,
  type PicturePool,
  type PictureTransform,
  preparePicture,
} from '@simvlm/image';

/** What becomes of the pictures of a sample. */
export interface Pictures {
  readonly transform: PictureTransform;
  /** Where they are decoded and varied; it stays the caller's. Default: in this thread. */
  readonly pool?: Pick<PicturePool, 'workers' | 'prepare'>;
  /** Samples without a picture are examples like the others; default: they cannot be used. */
  readonly isOptional?: boolean;
}

/**
 * A training example of a sample: its pictures read, decoded and varied, one of its texts.
 *
 * @param random decides what is drawn: `fork('text')` the text, `fork('image')` how the pictures are varied
 * @param pictures absent: those of the sample are left out, and not opened
 * @throws DataError for a sample without a picture, unless it is optional; ImageError, DataError for a picture that cannot be used
 */
export async function toExample(sample: Sample, random: Random, pictures?: Pictures): Promise<Example> {
  const fields = fieldsOf(sample);
  const example: Example = {
    id: sample.key,
    text: textOf(sample, random),
    ...(fields && { fields }),
  };
  if (!pictures) return example;
  if (sample.images.length === 0) {
    if (pictures.isOptional) return example;
    throw new DataError(
      'DATA_INVALID',
      `example "${sample.key}" has no image; put it among the text-only documents`,
    );
  }
  const mirror = textsOf(sample).every(canMirror);
  const images = await Promise.all(
    sample.images.map((image, i) => {
      const draws = random.fork(i === 0 ? 'image' : `image-${i}`);
      return prepared(image, pictures, { random: draws.state(), mirror });
    }),
  );
  return { ...example, image: images[0]!, ...(images.length > 1 && { images }) };
}

/**
 * A sample as validation reads it: its pictures square and not varied, the first of its texts.
 *
 * @throws ImageError, DataError for a picture that cannot be used
 */
export async function stillExample(sample: Sample, transform: PictureTransform): Promise<Example> {
  const images = await Promise.all(sample.images.map(image => prepared(image, { transform })));
  const [image] = images;
  return { ...outlineOf(sample), ...(image && { image }), ...(images.length > 1 && { images }) };
}

/** A sample without its pictures, with the first of its texts, and all of them for comparison. */
export function outlineOf(sample: Sample): ExampleOutline {
  const fields = fieldsOf(sample);
  const { key: id, text = '', texts = [] } = sample;
  return {
    id,
    text: texts[0] ?? text,
    ...(texts.length > 1 && { references: texts }),
    ...(fields && { fields }),
  };
}

/** An epoch shows each sample once, with one of its texts. */
function textOf({ text = '', texts = [] }: Sample, random: Random): string {
  return texts.length > 1 ? random.fork('text').pick(texts) : (texts[0] ?? text);
}

/** Whatever a task may read: the words of a sample by the names that fields have. */
function fieldsOf(sample: Sample): Record<string, JsonValue> | undefined {
  const { question, answers, label, split, source, target } = sample;
  const fields: Record<string, JsonValue> = {
    ...sample.fields,
    ...(question !== undefined && { question }),
    ...(answers && { answer: [...answers] }),
    ...(label !== undefined && { label }),
    ...(split !== undefined && { split }),
    ...(source !== undefined && { source }),
    ...(target !== undefined && { target }),
  };
  return Object.keys(fields).length > 0 ? fields : undefined;
}

function textsOf({ text, texts = [], question, answers = [] }: Sample): string[] {
  return [text, question, ...texts, ...answers].filter(each => each !== undefined);
}

async function prepared(
  image: SampleImage,
  { transform, pool }: Pictures,
  draw?: PictureDraw,
): Promise<RgbImage> {
  // A picture that is no file of its own counts by the key of its sample.
  const file = image.place === undefined ? { file: image.path } : {};
  try {
    const picture = image.pixels ?? (await image.bytes());
    const job = { picture, transform, ...(draw && { draw }) };
    return await (pool ? pool.prepare(job) : preparePicture(job));
  } catch (error) {
    if (error instanceof ImageError)
      throw new ImageError(error.code, `${image.path}: ${error.message}`, { cause: error, ...file });
    // Several captions may be of one picture, which counts once.
    if (error instanceof DataError && error.file === undefined)
      throw new DataError(error.code, error.message, { cause: error, ...file });
    throw error;
  }
}
