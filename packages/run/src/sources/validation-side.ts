import { DataError, type ExampleDataset } from '@simvlm/core';
import { subset } from '@simvlm/data';
import { pictureSquare } from '@simvlm/model';
import type { RunConfig } from '../config/schema';
import { modelPreset } from '../model';
import { firstLook } from './first-look';
import { isSampleSource, type OpenedSource } from './open-source';
import { readDataset } from './read-dataset';
import type { LoadOptions } from './training-side';
import { firstPictures, sampleDataset, squareDataset } from './validation-set';

/**
 * The validation pictures of `data.val`: of records that are read in order the first so many, from each source its part of
 * `evaluation.pictures`.
 *
 * @throws DataError for a source without pictures, or none that can be used
 */
export async function validationOf(
  sources: readonly OpenedSource[],
  config: RunConfig,
  { reporter, signal }: LoadOptions,
): Promise<ExampleDataset[]> {
  const { pictures: most } = config.evaluation;
  const sets: ExampleDataset[] = [];
  for (const { name, content, use } of sources) {
    const square = pictureSquare(modelPreset(config), use.fit);
    let set: ExampleDataset;
    if (isSampleSource(content)) {
      await firstLook(content, signal);
      const count = Math.ceil(most / sources.length);
      set = sampleDataset(await firstPictures(content, count), square);
    } else {
      const { pictures } = await readDataset(name, content, reporter, signal);
      const pictured = subset(
        content,
        pictures.map(({ index }) => index),
      );
      set = squareDataset(pictured, square);
    }
    if (set.length === 0)
      throw new DataError(
        'DATA_INVALID',
        `"data.val": ${name} names no image: there is nothing to validate on; leave it out`,
      );
    sets.push(set);
  }
  return sets;
}
