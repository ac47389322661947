import { DataError, type ExampleDataset } from '@simvlm/core';
import { subset } from '@simvlm/data';
import { pictureSquare } from '@simvlm/model';
import type { RunConfig } from '../config/schema';
import { modelPreset } from '../model';
import { firstLook } from './first-look';
import { isSampleSource, type OpenedSource } from './open-source';
import { readDataset } from './read-dataset';
import { taskExamples } from './task-examples';
import { refuseTestSplit, testSplitOf } from './test-split';
import type { LoadOptions } from './training-side';
import { firstExamples, sampleDataset, squareDataset } from './validation-set';

/**
 * The validation examples of `data.val`: of records that are read in order the first so many, from each source its part of
 * `evaluation.pictures`.
 *
 * @throws ConfigError for a test split; DataError for a source without pictures where the task needs them, or without any example that can be used
 */
export async function validationOf(
  sources: readonly OpenedSource[],
  config: RunConfig,
  options: LoadOptions,
): Promise<ExampleDataset[]> {
  const task = taskExamples(config, options.registry);
  const { pictures: most } = config.evaluation;
  const sets: ExampleDataset[] = [];
  for (const { name, content, use } of sources) {
    const square = pictureSquare(modelPreset(config), use.fit);
    let set: ExampleDataset;
    if (isSampleSource(content)) {
      await firstLook(content, task, options.signal);
      const count = Math.ceil(most / sources.length);
      const samples = await firstExamples(content, task, count);
      refuseTestSplit(`"data.val": ${name}`, testSplitOf(samples));
      set = sampleDataset(samples, square);
    } else {
      const { examples } = await readDataset(name, content, task, options);
      const taken = subset(
        content,
        examples.map(({ index }) => index),
      );
      set = squareDataset(taken, square);
    }
    if (set.length === 0)
      throw new DataError(
        'DATA_INVALID',
        `"data.val": ${name} ${task.isPictureOptional ? 'holds no examples' : 'names no image'}: there is nothing to validate on; leave it out`,
      );
    sets.push(set);
  }
  return sets;
}
