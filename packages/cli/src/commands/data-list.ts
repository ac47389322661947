import { createHash } from 'node:crypto';
import {
  ConfigError,
  DataError,
  didYouMean,
  ImageError,
  type Sample,
  SkipLog,
  type SkipReport,
} from '@simvlm/core';
import { type ColumnMap, FORMATS, type Format, type ImageFacts, listLine, openReader } from '@simvlm/data';
import { fileAt, folderAt, placeAt } from '@simvlm/data/node';
import { readImageHeader } from '@simvlm/image';
import { exitCode } from '../exit-code';
import { writeOut } from '../io/lines';
import { Terminal } from '../terminal';

interface DataListOptions {
  readonly format?: string;
  /** A path, or false for `--no-images`, which leaves out what needs a picture's bytes. */
  readonly images?: string | false;
  readonly annotations?: string;
  readonly split?: string;
  readonly map?: string;
}

/** `simvlm data list`: a line of JSON for each sample that can be used; on standard error, how many cannot, and why. */
export async function dataList(
  sources: readonly string[],
  { format, images, annotations, split, map }: DataListOptions,
): Promise<number> {
  const terminal = new Terminal();
  const reader = await openReader(await placeAt(sources), {
    ...(format !== undefined && { format: checkedFormat(format) }),
    ...(images && { images: folderAt(images) }),
    ...(annotations !== undefined && { annotations: fileAt(annotations) }),
    ...(split !== undefined && { split }),
    ...(map !== undefined && { map: parseMap(map) }),
  });
  const skips = new SkipLog();
  for await (const sample of reader) {
    const line = await listed(sample, images !== false, skips);
    if (line !== undefined) await writeOut(`${line}\n`);
  }
  report(terminal, [reader.skipped(), skips.report()]);
  return exitCode.ok;
}

async function listed(sample: Sample, opensImages: boolean, skips: SkipLog): Promise<string | undefined> {
  try {
    return JSON.stringify(
      await listLine(sample, opensImages ? image => image.bytes().then(factsOf) : undefined),
    );
  } catch (error) {
    if (!(error instanceof DataError || error instanceof ImageError)) throw error;
    skips.add(sample.key, error, sample.key);
    return undefined;
  }
}

function factsOf(bytes: Uint8Array): ImageFacts {
  const { width, height } = readImageHeader(bytes);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), width, height };
}

function report(terminal: Terminal, reports: readonly SkipReport[]): void {
  const count = reports.reduce((total, { count }) => total + count, 0);
  if (count === 0) return;
  terminal.note(`${count} ${count === 1 ? 'sample was' : 'samples were'} skipped:`);
  for (const reason of reports.flatMap(({ reasons }) => reasons)) terminal.note(`  ${reason}`);
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
