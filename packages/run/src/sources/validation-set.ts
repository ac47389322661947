import {
  type ExampleDataset,
  isSimVlmError,
  type Sample,
  type SampleImage,
  type SampleSource,
} from '@simvlm/core';
import { outlineOf, stillExample } from '@simvlm/data';
import { type PictureTransform, squareImage } from '@simvlm/image';
import type { TaskExamples } from './task-examples';

/** Samples as a data set: their pictures are read, decoded and made square when they are asked for, each time again. */
export function sampleDataset(samples: readonly Sample[], transform: PictureTransform): ExampleDataset {
  return {
    length: samples.length,
    get: index => stillExample(samples[index]!, transform),
    outline: index => outlineOf(samples[index]!),
  };
}

/** A data set whose pictures are square, as `fit` says. */
export function squareDataset(dataset: ExampleDataset, transform: PictureTransform): ExampleDataset {
  const { outline } = dataset;
  return {
    length: dataset.length,
    async get(index) {
      const example = await dataset.get(index);
      return example.image ? { ...example, image: squareImage(example.image, transform) } : example;
    },
    ...(outline && { outline: index => outline.call(dataset, index) }),
  };
}

/** The first samples of a source that are examples of the task, to keep. */
export async function firstExamples(
  source: SampleSource,
  { takes }: Pick<TaskExamples, 'takes'>,
  count: number,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  if (count > 0)
    for await (const sample of source.read()) {
      if (takes(sample)) samples.push(await kept(sample));
      if (samples.length === count) break;
    }
  return samples;
}

/** Data sets as one, in which any number of examples from the first on has of each as much as its size asks for. */
export function joined(datasets: readonly ExampleDataset[]): ExampleDataset {
  const [only] = datasets;
  if (only && datasets.length === 1) return only;
  const places = datasets
    .flatMap(dataset => Array.from({ length: dataset.length }, (_, index) => ({ dataset, index })))
    .sort((a, b) => (a.index + 0.5) / a.dataset.length - (b.index + 0.5) / b.dataset.length);
  return {
    length: places.length,
    get(place) {
      const { dataset, index } = places[place]!;
      return dataset.get(index);
    },
  };
}

/** A sample to keep: a picture that lies in a larger piece of its file is copied, so that the piece goes. */
export async function kept(sample: Sample): Promise<Sample> {
  return { ...sample, images: await Promise.all(sample.images.map(keptImage)) };
}

async function keptImage(image: SampleImage): Promise<SampleImage> {
  if (image.pixels || image.isRemote) return image;
  try {
    const bytes = await image.bytes();
    if (bytes.length === bytes.buffer.byteLength) return image;
    const own = bytes.slice();
    return { ...image, bytes: async () => own };
  } catch (error) {
    // Whoever asks for it is told why.
    if (isSimVlmError(error)) return image;
    throw error;
  }
}
