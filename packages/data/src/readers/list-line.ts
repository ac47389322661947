import type { JsonValue, Sample, SampleImage } from '@simvlm/core';

/** What is said of the stored bytes of a picture. */
export interface ImageFacts {
  readonly sha256: string;
  /** In pixels, as stored. */
  readonly width: number;
  readonly height: number;
}

const TEXTS = ['text', 'texts', 'question', 'answers', 'label', 'split', 'source', 'target'] as const;
/** Fields with sentences that are compared: those of GLUE, and the premise of SNLI-VE. */
const SENTENCES = ['sentence1', 'sentence2'];

/**
 * A sample as an object of `simvlm data list`: its key, its pictures, and what there is of its texts and labels.
 *
 * @param factsOf looks at a picture; absent: pictures are not opened, and only their paths are given. Of a picture that is known by its address
 *   alone, only that is given
 * @throws what `factsOf` throws
 */
export async function listLine(
  sample: Sample,
  factsOf?: (image: SampleImage) => Promise<ImageFacts>,
): Promise<Record<string, JsonValue>> {
  const images = sample.images.map(async (image): Promise<JsonValue> => {
    const { path, isRemote } = image;
    return { path, ...(factsOf && !isRemote && (await factsOf(image))) };
  });
  const texts = TEXTS.flatMap(name => (sample[name] === undefined ? [] : [[name, sample[name]]]));
  const { fields = {} } = sample;
  const sentences = SENTENCES.flatMap(name => (Object.hasOwn(fields, name) ? [[name, fields[name]]] : []));
  return {
    key: sample.key,
    images: await Promise.all(images),
    ...Object.fromEntries([...sentences, ...texts]),
  };
}
