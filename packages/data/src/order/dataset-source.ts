import {
  DataError,
  type ExampleDataset,
  hashText,
  ImageError,
  type JsonValue,
  type SampleSource,
} from '@simvlm/core';
import { placeOf, type Row } from '../readers/part';
import { PartsReader } from '../readers/parts-reader';
import { DatasetOrder } from './dataset-order';
import { sampleOf } from './example-sample';
import { hexadecimal } from './identity';

export interface DatasetSourceOptions {
  /** For messages; default: `examples`. */
  readonly name?: string;
  /** How often example `index` comes in an epoch, on average: 0.25 in about every fourth, 2.5 two or three times. Default: 1 for all. */
  readonly weight?: (index: number) => number;
}

/** Examples that an identity looks at, at most. */
const LOOKED_AT = 64;

/**
 * A data set with random access as a source. An epoch is a permutation of all examples, and record n of the whole sequence comes to process n mod
 * size. An example that cannot be read is a draw with a problem.
 *
 * `read()` gives the outlines of a data set that has them: samples without their pictures.
 */
export function datasetSource(
  dataset: ExampleDataset,
  { name = 'examples', weight }: DatasetSourceOptions = {},
): SampleSource {
  let identity: Promise<string> | undefined;
  const identify = () => (identity ??= identityOf(dataset));
  return {
    name,
    async count() {
      if (!weight) return dataset.length;
      let count = 0;
      for (let i = 0; i < dataset.length; i++) count += weight(i);
      return Math.round(count);
    },
    identity: identify,
    read: () => new PartsReader('examples', [{ name, version: async () => dataset.length, rows }], {}),
    order: options => new DatasetOrder(dataset, identify, { ...options, weight }),
  };

  async function* rows(from: JsonValue | undefined): AsyncGenerator<Row> {
    for (let i = placeOf(from); i < dataset.length; i++) yield { ...(await outcome(i)), after: i + 1 };
  }

  async function outcome(index: number) {
    try {
      return { sample: sampleOf(dataset.outline?.(index) ?? (await dataset.get(index))) };
    } catch (error) {
      if (error instanceof DataError || error instanceof ImageError) return { problem: error };
      throw error;
    }
  }
}

/** By the number of examples, and the ids and texts of 64 at most, where they are known without their pictures. */
async function identityOf(dataset: ExampleDataset): Promise<string> {
  const { length } = dataset;
  const step = Math.max(1, Math.floor(length / LOOKED_AT));
  const texts: string[] = [];
  for (let i = 0; i < length && dataset.outline; i += step) {
    const { id, text } = dataset.outline(i);
    texts.push(`${id}\0${text}`);
  }
  return `examples:${length}:${hexadecimal(hashText(texts.join('\0')))}`;
}
