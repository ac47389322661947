import { DataError, type JsonValue, type SampleSource } from '@simvlm/core';
import { partsSource } from '../../order/parts-source';
import { baseName, type DataFile } from '../folder';
import { type LinePlace, linePlaceOf, placedLines, savedPlace } from '../lines';
import { filesVersion, type Part, type Row } from '../part';
import type { PartsOptions } from '../parts-reader';

/**
 * Parallel text for translation: line n of the second file translates line n of the first. A pair with an empty line is skipped and counted; files
 * with different numbers of lines are a DataError that names both, once the shorter one ends.
 */
export function parallelSource(source: DataFile, target: DataFile, options: PartsOptions = {}): SampleSource {
  const part: Part = {
    name: source.name,
    version: () => filesVersion([source, target]),
    rows: from => rows(source, target, from),
  };
  return partsSource('parallel', [part], options);
}

async function* rows(source: DataFile, target: DataFile, from: JsonValue | undefined): AsyncGenerator<Row> {
  const [begin, targetBegin] = placesOf(from);
  const others = placedLines(await target.open(), targetBegin, target.name);
  for await (const { text, number, after } of placedLines(await source.open(), begin, source.name)) {
    const { value: other, done } = await others.next();
    if (done) throw uneven(source, target, number - 1);
    const pair = { source: text.replace(/\r$/, ''), target: other.text.replace(/\r$/, '') };
    const next = [savedPlace(after), savedPlace(other.after)];
    if (pair.source.trim() === '' || pair.target.trim() === '')
      yield {
        problem: new DataError('DATA_INVALID', `${source.name}:${number}: a line without a translation`),
        after: next,
      };
    else
      yield {
        sample: {
          key: `${baseName(source.name)}:${number}`,
          images: [],
          ...pair,
        },
        after: next,
      };
  }
  const { value: other, done } = await others.next();
  if (!done) throw uneven(target, source, other.number - 1);
}

function placesOf(from: JsonValue | undefined): [LinePlace, LinePlace] {
  if (from === undefined) return [linePlaceOf(undefined), linePlaceOf(undefined)];
  const [source, target] = Array.isArray(from) ? from : [null, null];
  return [linePlaceOf(source ?? null), linePlaceOf(target ?? null)];
}

function uneven(longer: DataFile, shorter: DataFile, lines: number): DataError {
  return new DataError(
    'DATA_INVALID',
    `${shorter.name} ends after ${lines} lines, and ${longer.name} goes on; use files that belong together`,
  );
}
