import { Random } from '@simvlm/core';
import type { RunConfig } from '../config/schema';
import { type SourceConfig, sourceList } from '../config/sources';
import type { RunData } from '../data';
import { openDocuments } from './documents';
import { isSampleSource, type OpenedSource, openConfigured } from './open-source';
import { TextDraw } from './text-draw';
import { type LoadOptions, type TrainingSide, trainingDataset, trainingSamples } from './training-side';
import { joined } from './validation-set';
import { validationOf } from './validation-side';

/** Texts that a vocabulary is learnt from, at most. */
const MOST_TEXTS = 1_000_000;

/**
 * Opens the sources that a configuration names, and looks at the beginning of each. The texts of all training examples are read only where
 * something depends on them: a tokenizer that is learnt, a validation split, text-only lines among the pictures.
 *
 * @throws DataError also when no training picture, or no validation picture, can be used
 */
export async function loadSources(config: RunConfig, options: LoadOptions): Promise<RunData> {
  const { data, seed } = config;
  const captions = new TextDraw(MOST_TEXTS, Random.fromSeed(seed).fork('captions'));
  const sides: TrainingSide[] = [];
  for (const { content, ...opened } of await openList('data.train', data.train, options))
    sides.push(
      isSampleSource(content)
        ? await trainingSamples({ ...opened, content }, captions, config, options)
        : await trainingDataset({ ...opened, content }, captions, config, options),
    );
  const given = data.val === undefined ? [] : await openList('data.val', data.val, options);
  const vals =
    data.val === undefined
      ? sides.flatMap(({ val }) => val ?? [])
      : await validationOf(given, config, options);
  const documents = await openDocuments(
    config,
    sides.flatMap(({ documents }) => documents),
    options,
  );
  return {
    train: sides.map(({ source }) => source),
    ...(vals.length > 0 && { val: joined(vals) }),
    ...documents,
    captions: captions.texts,
    unreadable: sides.flatMap(({ unreadable }) => unreadable),
  };
}

/** The sources of a key, one after another. */
async function openList(
  key: string,
  given: RunConfig['data']['train'],
  options: LoadOptions,
): Promise<OpenedSource[]> {
  const opened: OpenedSource[] = [];
  for (const [index, source] of sourceList(given).entries())
    opened.push(
      await openConfigured(Array.isArray(given) ? `${key}.${index}` : key, source as SourceConfig, options),
    );
  return opened;
}
