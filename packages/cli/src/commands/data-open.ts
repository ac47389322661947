import { ConfigError, didYouMean, type Reader, type SkipReport } from '@simvlm/core';
import { type ColumnMap, FORMATS, type Format, openReader } from '@simvlm/data';
import { fileAt, folderAt, placeAt } from '@simvlm/data/node';
import type { PlacedSource } from '@simvlm/run';
import type { Terminal } from '../terminal';
import type { SourceOptions } from './data-source';

/** Opens what the words of a command line name. @throws DataError, ConfigError as `openReader` does */
export async function openSource(
  sources: readonly string[],
  { format, images, annotations, split, map }: SourceOptions,
): Promise<Reader> {
  return openReader(await placeAt(sources), {
    ...(format !== undefined && { format: checkedFormat(format) }),
    ...(images && { images: folderAt(images) }),
    ...(annotations !== undefined && { annotations: fileAt(annotations) }),
    ...(split !== undefined && { split }),
    ...(map !== undefined && { map: parseMap(map) }),
  });
}

/** The same words as a source of a configuration. @throws ConfigError for an unknown format or a `--map` that is none */
export function sourceConfig(
  sources: readonly string[],
  { format, images, annotations, split, map }: SourceOptions,
): PlacedSource {
  return {
    path: sources.length === 1 ? sources[0]! : [...sources],
    ...(format !== undefined && { format: checkedFormat(format) }),
    ...(images && { images }),
    ...(annotations !== undefined && { annotations }),
    ...(split !== undefined && { split }),
    ...(map !== undefined && { map: parseMap(map) }),
  };
}

/** Says how many samples cannot be used, and why; nothing where all can. */
export function noteSkipped(terminal: Terminal, report: SkipReport): void {
  const { count, reasons } = report;
  if (count === 0) return;
  terminal.note(`${count.toLocaleString('en')} ${count === 1 ? 'sample was' : 'samples were'} skipped:`);
  for (const reason of reasons) terminal.note(`  ${reason}`);
  if (count > reasons.length) terminal.note(`  and ${(count - reasons.length).toLocaleString('en')} more`);
}

function checkedFormat(name: string): Format {
  const format = FORMATS.find(each => each === name);
  if (format) return format;
  throw new ConfigError(
    'CONFIG_INVALID',
    `--format is ${FORMATS.join(', ')}, not "${name}"${didYouMean(name, FORMATS)}`,
  );
}

/** `image=COLUMN,text=COLUMN`. @throws ConfigError for anything else */
function parseMap(text: string): ColumnMap {
  return Object.fromEntries(
    text.split(',').map(pair => {
      const [, role, column] = /^\s*(\w+)\s*=(.+)$/s.exec(pair) ?? [];
      if (role === undefined || column === undefined)
        throw new ConfigError(
          'CONFIG_INVALID',
          `--map takes pairs such as image=COLUMN,text=COLUMN, not "${pair}"`,
        );
      return [role, column];
    }),
  );
}
