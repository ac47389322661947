import type { ExampleDataset, Reader, RgbImage, Sample, SampleSource } from '@simvlm/core';

/** The middle of what a byte can say. */
const GREY = 128;
/** Where nobody opened a picture, its size is not known: a pixel becomes a square of any size. */
const PIXEL = greyImage({ width: 1, height: 1 });

/**
 * A source whose pictures are all the same grey, which tells how much of a task the texts alone give away. Stored pictures are not opened.
 * Texts, order and number of pictures stay.
 */
export function blankSource(source: SampleSource): SampleSource {
  return {
    name: source.name,
    identity: async () => `blank:${await source.identity()}`,
    count: () => source.count(),
    read: () => blankReader(source.read()),
    order(options) {
      const order = source.order(options);
      return {
        async next() {
          const draw = await order.next();
          return draw.sample ? { ...draw, sample: blankSample(draw.sample) } : draw;
        },
        state: () => order.state(),
        restore: states => order.restore(states),
        close: () => order.close?.(),
      };
    },
  };
}

/** The same of a data set with random access, whose pictures keep their sizes. */
export function blankDataset(dataset: ExampleDataset): ExampleDataset {
  const { outline } = dataset;
  return {
    length: dataset.length,
    async get(index) {
      const { image, images, ...rest } = await dataset.get(index);
      return {
        ...rest,
        ...(image && { image: greyImage(image) }),
        ...(images && { images: images.map(greyImage) }),
      };
    },
    ...(outline && { outline: index => outline.call(dataset, index) }),
  };
}

function blankReader(reader: Reader): Reader {
  return {
    format: reader.format,
    async *[Symbol.asyncIterator]() {
      for await (const sample of reader) yield blankSample(sample);
    },
    state: () => reader.state(),
    restore: state => reader.restore(state),
    skipped: () => reader.skipped(),
  };
}

function blankSample(sample: Sample): Sample {
  return {
    ...sample,
    images: sample.images.map(({ isRemote: _, ...image }) => ({ ...image, pixels: PIXEL })),
  };
}

function greyImage({ width, height }: Pick<RgbImage, 'width' | 'height'>): RgbImage {
  return { width, height, data: new Uint8Array(3 * width * height).fill(GREY) };
}
