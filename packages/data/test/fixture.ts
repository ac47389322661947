import {
  DataError,
  type Example,
  type ExampleDataset,
  type ExampleStream,
  type PrefixLmBatch,
  Random,
  type RgbImage,
  type Tokenizer,
} from '@simvlm/core';
import {
  arrayDataset,
  type BatchSourceOptions,
  datasetSource,
  type ExampleStreamOptions,
  exampleStream,
  uniformPrefix,
} from '../src/index';

/** One token a letter: "a" is 4, "b" 5, … */
export const letters: Tokenizer = {
  vocabSize: 30,
  special: { pad: 0, unk: 1, bos: 2, eos: 3 },
  encode: text => Int32Array.from(text, letter => letter.charCodeAt(0) - 93),
  decode: ids => Array.from(ids, id => (id < 4 ? '' : String.fromCharCode(id + 93))).join(''),
};

/** A picture of one colour. */
export function plain(side: number, value = 0): RgbImage {
  return { width: side, height: side, data: new Uint8Array(side * side * 3).fill(value) };
}

/** Pairs whose text, of 1 to 6 letters, and whose picture say which they are. */
export function pairs(count: number): Example[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `pair-${i}`,
    text: 'abcdef'.slice(0, 1 + (i % 6)),
    image: plain(2, i),
  }));
}

export function documents(count: number): Example[] {
  return Array.from({ length: count }, (_, i) => ({ id: `text-${i}`, text: 'ghijkl'.slice(0, 2 + (i % 5)) }));
}

/** A data set some of whose examples cannot be read. */
export function failing(
  examples: readonly Example[],
  broken: (index: number) => Error | undefined,
): ExampleDataset {
  return {
    length: examples.length,
    async get(index) {
      const error = broken(index);
      if (error) throw error;
      const example = examples[index];
      if (!example) throw new DataError('DATA_NOT_FOUND', `no example ${index}`);
      return example;
    },
  };
}

interface StreamOptions extends Partial<ExampleStreamOptions> {
  readonly seed?: number;
  readonly weight?: (index: number) => number;
}

/** A stream of examples with pictures of 2 × 2 pixels. */
export function pairStream(
  data: readonly Example[] | ExampleDataset,
  { seed = 1, weight, ...options }: StreamOptions = {},
): ExampleStream {
  const dataset = 'get' in data ? data : arrayDataset(data);
  let length = 0;
  for (let i = 0; i < dataset.length; i++) length += weight?.(i) ?? 1;
  return exampleStream({
    source: datasetSource(dataset, { ...(weight && { weight }) }),
    ...{ random: Random.fromSeed(seed).fork('pairs'), length: Math.round(length) },
    pictures: { transform: { size: 2 } },
    ...options,
  });
}

/** A stream of texts alone. */
export function textStream(examples: readonly Example[], seed = 1): ExampleStream {
  return exampleStream({
    source: datasetSource(arrayDataset(examples)),
    ...{ random: Random.fromSeed(seed).fork('texts'), length: examples.length },
  });
}

/** What every batch source of these tests is made with, less its parts. */
export const common: Omit<BatchSourceOptions, 'imageText' | 'textOnly'> = {
  tokenizer: letters,
  maxTextLength: 8,
  prefix: uniformPrefix,
};

/** A batch as JSON, to compare it with another one. */
export function plainly(parts: readonly PrefixLmBatch[]): string {
  return JSON.stringify(parts, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value,
  );
}
