import { join } from 'node:path';
import { ConfigError } from '@simvlm/core';
import type { RunConfig } from '../../../config/schema';
import type { PlacedSource, SourceConfig } from '../../../config/sources';
import { coco, karpathy } from './captions';
import { glue } from './glue';
import { imagefolder, webdataset } from './pictures';
import { nlvr2, snliVe, vqav2 } from './questions';
import { fewFiles, type Make } from './source';
import { jsonl, parallel } from './texts';

const makers: { readonly [format in NonNullable<PlacedSource['format']>]?: Make } = {
  ...{ coco, karpathy, imagefolder, webdataset, nlvr2, vqav2, jsonl, parallel },
  ...{ nocaps: coco, 'snli-ve': snliVe, tsv: glue },
};

/**
 * The data of a configuration with made files in their place: a few records each, in the format of the real ones.
 *
 * @param folder where they are written
 * @throws ConfigError for a format that nobody makes
 */
export async function madeData(data: RunConfig['data'], folder: string): Promise<RunConfig['data']> {
  const place = (path: string) => join(folder, path);
  const one = async (key: string, source: SourceConfig): Promise<SourceConfig> => {
    if (typeof source === 'string' || 'source' in source) return source;
    const placed = source as PlacedSource;
    const few: PlacedSource = { ...placed, path: eachPath(placed, fewFiles) };
    const make = few.format && makers[few.format];
    if (!make)
      throw new ConfigError(
        'CONFIG_INVALID',
        `"${key}.format": a check makes files of ${Object.keys(makers).join(', ')}, not of ${few.format ?? 'a format that is recognised'}`,
      );
    await make(few, place);
    const { images, annotations } = few;
    return {
      ...few,
      path: eachPath(few, place),
      ...(images !== undefined && { images: place(images) }),
      ...(annotations !== undefined && { annotations: place(annotations) }),
    } as PlacedSource;
  };
  const all = async (key: string, given: SourceConfig | SourceConfig[] | undefined) =>
    Array.isArray(given)
      ? await Promise.all(given.map((source, i) => one(`${key}.${i}`, source)))
      : given && one(key, given);
  const [train, val, documents] = [
    await all('data.train', data.train as SourceConfig),
    await all('data.val', data.val as SourceConfig | undefined),
    await all('data.documents', data.documents as SourceConfig | undefined),
  ];
  return { ...data, train, ...(val && { val }), ...(documents && { documents }) } as RunConfig['data'];
}

function eachPath({ path }: PlacedSource, change: (path: string) => string): string | string[] {
  return typeof path === 'string' ? change(path) : path.map(change);
}
