import {
  ConfigError,
  DataError,
  type ExampleDataset,
  isSimVlmError,
  type Registry,
  type SampleSource,
} from '@simvlm/core';
import { blankDataset, blankSource, type ColumnMap, openSource } from '@simvlm/data';
import type { EmojiDataset } from '@simvlm/dataset-emoji';
import { atKey } from '../at-key';
import { isEmoji } from '../config/resolve';
import type { Options, PlacedSource, RegisteredSource, SourceConfig } from '../config/sources';
import type { Places } from './places';

/** How the pictures and texts of a source are used, where that is not as the run says. */
export type SourceUse = Pick<PlacedSource, 'weight' | 'augment' | 'fit' | 'blank' | 'objective' | 'shuffle'>;

/** What a source of a configuration turned out to be: records that are read in order, or examples with random access. */
export interface OpenedSource {
  /** For messages. */
  readonly name: string;
  readonly content: SampleSource | ExampleDataset;
  readonly use: SourceUse;
  /** How often example `index` of a data set comes in an epoch; default 1. */
  readonly weightOf?: (index: number) => number;
}

export interface OpenOptions {
  readonly registry: Registry;
  readonly places: Places;
  /** The embedded data set, where it can be drawn. */
  readonly emoji?: (source: SourceConfig) => Promise<EmojiDataset>;
}

/**
 * Opens a source of a configuration. Nothing but what tells its format is read.
 *
 * @param key where the configuration has it, such as `data.train.1`; undefined for what is in none
 * @throws DataError, ConfigError, PluginError that names the key
 */
export async function openConfigured(
  key: string | undefined,
  source: SourceConfig,
  { registry, places, emoji }: OpenOptions,
): Promise<OpenedSource> {
  try {
    if (emoji && isEmoji(source)) return openEmoji(key, source, await emoji(source));
    if (typeof source === 'string' || !isRegistered(source)) {
      const content = await openPlaced(source, places);
      return used(source, { name: content.name, content });
    }
    const { source: name } = source;
    const content = await registry.get('source', name)(optionsOf(source));
    return used(source, { name: `the source ${name}`, content });
  } catch (error) {
    if (key === undefined) throw error;
    throw isAboutKey(error) ? atKey(key, error) : error;
  }
}

/** The pictures that are trained on; those that never are for validation; the definitions for documents. */
function openEmoji(
  key: string | undefined,
  source: SourceConfig,
  { train, val, documents, trainWeight }: EmojiDataset,
): OpenedSource {
  if (key === 'data.documents') return used(source, { name: 'emoji', content: documents });
  if (key?.startsWith('data.val')) return used(source, { name: 'emoji', content: val });
  return used(source, { name: 'emoji', content: train, weightOf: trainWeight });
}

/** A source as it is used: grey pictures come grey from it, and are not varied. */
export function used(source: SourceConfig, opened: Omit<OpenedSource, 'use'>): OpenedSource {
  const use = typeof source === 'string' ? {} : usesOf(source);
  if (!use.blank) return { ...opened, use };
  const { content } = opened;
  return {
    ...opened,
    content: isSampleSource(content) ? blankSource(content) : blankDataset(content),
    use: { ...use, augment: 'none' },
  };
}

/** The own options of a registered source. */
export function optionsOf({
  source: _,
  weight: __,
  augment: ___,
  fit: ____,
  blank: _____,
  objective: ______,
  shuffle: _______,
  ...options
}: RegisteredSource): Options {
  return options;
}

/** Records, as a stream has them. */
export function isSampleSource(content: SampleSource | ExampleDataset): content is SampleSource {
  return 'order' in content;
}

function isRegistered(source: Exclude<SourceConfig, string>): source is RegisteredSource {
  return 'source' in source;
}

/**
 * The records at a place.
 *
 * @throws DataError for what is not there, or not in the format; ConfigError for what does not go with it
 */
export async function openPlaced(source: PlacedSource | string, places: Places): Promise<SampleSource> {
  if (typeof source === 'string') return openSource(await places.place([source]));
  const { path, format, images, annotations, split, map } = source;
  return openSource(await places.place(typeof path === 'string' ? [path] : path), {
    ...(format && { format }),
    ...(images !== undefined && { images: places.folder(images) }),
    ...(annotations !== undefined && { annotations: places.file(annotations) }),
    ...(split !== undefined && { split }),
    ...(map && { map: columnsOf(map) }),
  });
}

/** A number is the name of a column of a table without a header. */
function columnsOf(map: NonNullable<PlacedSource['map']>): ColumnMap {
  return Object.fromEntries(Object.entries(map).map(([role, name]) => [role, String(name)]));
}

/** Only what the configuration says. */
function usesOf({
  weight,
  augment,
  fit,
  blank,
  objective,
  shuffle,
}: { readonly [K in keyof SourceUse]?: SourceUse[K] | undefined }): SourceUse {
  const use = { weight, augment, fit, blank, objective, shuffle };
  return Object.fromEntries(Object.entries(use).filter(([, value]) => value !== undefined));
}

/** What is not there, or is not what the configuration says, is named with the key that asks for it. */
function isAboutKey(error: unknown): boolean {
  return error instanceof DataError || (isSimVlmError(error) && error.constructor === ConfigError);
}
