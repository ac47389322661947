import { DataError, type JsonValue, type Sample, type SampleSource } from '@simvlm/core';
import { partsSource } from '../../order/parts-source';
import { baseName, type DataFile, type Folder, imageIn, pathBelow } from '../folder';
import { linePlaceOf, type PlacedLine, placedLines, savedPlace } from '../lines';
import { filesVersion, type Part, type Row } from '../part';
import type { PartsOptions } from '../parts-reader';
import { rowOf } from '../table';

export interface ParallelOptions extends PartsOptions {
  /** Line n names the picture of line n, such as `36979.jpg` or `36979.jpg#2`: what follows `#` is left out. Default: text alone. */
  readonly pictures?: DataFile;
  /** The folder that the pictures lie in; needed with `pictures`. */
  readonly images?: Folder;
}

/**
 * Parallel text for translation, as Multi30k has it: line n of the second file translates line n of the first, and line n of a third file names
 * the picture that both describe. A record with an empty line is skipped and counted; files with different numbers of lines are a DataError that
 * names two of them, once the shorter one ends.
 */
export function parallelSource(
  source: DataFile,
  target: DataFile,
  { pictures, images, ...options }: ParallelOptions = {},
): SampleSource {
  const files = pictures ? [source, target, pictures] : [source, target];
  const part: Part = {
    name: source.name,
    version: () => filesVersion(files),
    async *rows(from) {
      for await (const lines of alignedLines(files, from)) {
        const place = `${source.name}:${lines[0]!.number}`;
        yield {
          ...rowOf(() => sampleOf(lines, place, images)),
          after: lines.map(({ after }) => savedPlace(after)),
        } satisfies Row;
      }
    },
  };
  return partsSource('parallel', [part], options);
}

/** Line n of each file together. @throws DataError where one ends before another */
async function* alignedLines(
  files: readonly DataFile[],
  from: JsonValue | undefined,
): AsyncGenerator<readonly PlacedLine[]> {
  const readers: AsyncGenerator<PlacedLine>[] = [];
  for (const [i, file] of files.entries()) {
    // A place that is missing among saved ones is damaged, and not the beginning.
    const saved = from === undefined ? undefined : (Array.isArray(from) && from[i]) || null;
    readers.push(placedLines(await file.open(), linePlaceOf(saved), file.name));
  }
  for (;;) {
    const lines: PlacedLine[] = [];
    const [going, ended]: [DataFile[], DataFile[]] = [[], []];
    for (const [i, reader] of readers.entries()) {
      const { value, done } = await reader.next();
      (done ? ended : going).push(files[i]!);
      if (!done) lines.push(value);
    }
    const [[longer], [shorter]] = [going, ended];
    if (!longer) return;
    if (shorter)
      throw new DataError(
        'DATA_INVALID',
        `${shorter.name} ends after ${lines[0]!.number - 1} lines, and ${longer.name} goes on; use files that belong together`,
      );
    yield lines;
  }
}

function sampleOf(lines: readonly PlacedLine[], place: string, images: Folder | undefined): Sample {
  const [source, target, name] = lines.map(({ text }) => text.replace(/\r$/, ''));
  if (source!.trim() === '' || target!.trim() === '')
    throw new DataError('DATA_INVALID', `${place}: a line without a translation`);
  const picture = name?.replace(/#.*$/, '').trim();
  if (picture === '') throw new DataError('DATA_INVALID', `${place}: a line without a picture`);
  return {
    key: baseName(place),
    images: picture === undefined ? [] : [imageIn(images!, pathBelow(picture, place))],
    source: source!,
    target: target!,
  };
}
