import {
  type ExampleDataset,
  type ExampleOutline,
  type ExampleStream,
  Random,
  type Share,
} from '@simvlm/core';
import { datasetSource, exampleStream } from '@simvlm/data';
import type { RunConfig } from './config/schema';
import type { RunData } from './data';

interface TrainingStreams {
  readonly train?: ExampleStream;
  readonly documents?: ExampleStream;
}

/** The examples of a run in the order of training: pairs varied as the configuration says, and documents where there are any. */
export async function trainingStreams(
  { seed, augment }: RunConfig,
  { train, weight, documents }: Pick<RunData, 'train' | 'weight' | 'documents'>,
  imageSize: number,
  share: Share = { rank: 0, size: 1 },
): Promise<TrainingStreams> {
  const random = Random.fromSeed(seed).fork('data');
  const pairs = datasetSource(train, { ...(weight && { weight }) });
  const texts = datasetSource(documents);
  return {
    ...(train.length > 0 && {
      train: exampleStream({
        ...{ source: pairs, length: await pairs.count(), identity: await pairs.identity() },
        ...{ share, random: random.fork('image-text') },
        pictures: { transform: { size: imageSize, augment } },
      }),
    }),
    ...(documents.length > 0 && {
      documents: exampleStream({
        ...{ source: texts, length: documents.length, identity: await texts.identity() },
        ...{ share, random: random.fork('text-only') },
      }),
    }),
  };
}

/** The examples of a data set without their pictures. */
export async function* outlinesOf(dataset: ExampleDataset): AsyncGenerator<ExampleOutline> {
  for (let index = 0; index < dataset.length; index++) {
    if (dataset.outline) yield dataset.outline(index);
    else {
      const { image: _, images: __, ...outline } = await dataset.get(index);
      yield outline;
    }
  }
}
