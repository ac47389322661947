import { DataError, type ExampleDataset, type Sample, type SkipReport, type TaskFactory } from '@simvlm/core';
import type { SquareOptions } from '@simvlm/image';
import type { PlacedSource } from '../config/sources';
import { openPlaced } from '../sources/open-source';
import { sampleDataset } from '../sources/validation-set';
import { nodePlaces } from './data';

/** Examples with what is right about them, to evaluate a model on. */
export interface EvaluationSource {
  /** The examples, in the stored order. */
  readonly samples: readonly Sample[];
  /** The folder that a `nway.jsonl` beside them lies in; absent on the web. */
  readonly folder?: string;
  /** Records that cannot be used. */
  readonly skipped: SkipReport;
  /** Their pictures are decoded when they are asked for, and made square. */
  pictures(square: SquareOptions): ExampleDataset;
}

/**
 * Reads the samples of a source into memory, without their pictures where those lie apart.
 *
 * @param pictureless what records without a picture are: see `TaskFactory`; documents are left out
 * @throws DataError, ConfigError as `openPlaced`; DataError when there is no example
 */
export async function openEvaluation(
  source: PlacedSource,
  pictureless: TaskFactory['pictureless'] = 'documents',
): Promise<EvaluationSource> {
  const { path } = source;
  const paths = typeof path === 'string' ? [path] : path;
  const place = await nodePlaces.place(paths);
  const opened = await openPlaced(source, nodePlaces);
  const reader = opened.read();
  const samples: Sample[] = [];
  for await (const sample of reader)
    if (pictureless === 'examples' || sample.images.length > 0) samples.push(sample);
  const skipped = reader.skipped();
  if (samples.length === 0)
    throw new DataError(
      'DATA_INVALID',
      `${opened.name} ${pictureless === 'examples' ? 'holds no records' : 'names no image'}: there is nothing to evaluate${skipped.count === 0 ? '' : `; the first problem: ${skipped.reasons[0]}`}`,
    );
  const isOnDisk = !/^https?:/i.test(place.folder.name);
  return {
    ...{ samples, skipped },
    ...(isOnDisk && { folder: place.folder.name }),
    pictures: square => sampleDataset(samples, square),
  };
}
