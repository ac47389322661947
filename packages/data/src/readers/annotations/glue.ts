import type { ByteSource } from '@simvlm/bytes';
import { DataError, type JsonValue, type Sample, type SampleSource } from '@simvlm/core';
import { partsSource } from '../../order/parts-source';
import { baseName, type DataFile } from '../folder';
import { type LinePlace, linePlaceOf, placedLines, savedPlace } from '../lines';
import { filePart, type Part, type Row } from '../part';
import type { PartsOptions } from '../parts-reader';
import { rowOf, withoutExtension } from '../table';
import { type GlueColumns, glueColumns, isCola } from './glue-columns';

/** What annotators could not agree on. */
const NO_LABEL = '-';

/**
 * The files of GLUE's nine tasks (Wang et al., 2019), such as `MRPC/train.tsv` and `MNLI/dev_matched.tsv`: tabs between fields, quotes are characters like others.
 * A sample for each line: `fields.sentence1`, of pairs `fields.sentence2`, and its label as the file has it, which test files lack. `split` is the name of the
 * file. CoLA's files have no header, and its test file has one.
 *
 * A line with another number of fields than the header, without a sentence or with the label `-` is skipped and counted. A header that is none of GLUE's is a
 * DataError.
 */
export function glueSource(files: readonly DataFile[], options: PartsOptions = {}): SampleSource {
  return partsSource('glue', files.map(gluePart), options);
}

function gluePart(file: DataFile): Part {
  const split = withoutExtension(baseName(file.name));
  return { ...filePart(file), split, rows: from => rows(file, from) };
}

async function* rows(file: DataFile, from: JsonValue | undefined): AsyncGenerator<Row> {
  const source = await file.open();
  const header = await headerOf(source, file.name);
  const place = from === undefined ? header.after : linePlaceOf(from);
  for await (const { text, number, after } of placedLines(source, place, file.name)) {
    const line = withoutReturn(text);
    if (line.trim() === '') continue;
    const name = `${baseName(file.name)}:${number}`;
    yield {
      ...rowOf(() => sampleOf(line, header, name, `${file.name}:${number}`)),
      after: savedPlace(after),
    };
  }
}

interface Header extends GlueColumns {
  /** Where the lines begin. */
  readonly after: LinePlace;
}

/** @throws DataError for a file that is none of GLUE's */
async function headerOf(source: ByteSource, name: string): Promise<Header> {
  const start = { byte: 0, line: 0 };
  for await (const { text, after } of placedLines(source, start, name)) {
    const fields = withoutReturn(text).split('\t');
    const columns = glueColumns(fields);
    if (columns) return { ...columns, after: isCola(fields) ? start : after };
    throw new DataError(
      'DATA_INVALID',
      `${name}: its first line is neither a header of GLUE nor a line of CoLA: ${fields.slice(0, 6).join(', ').slice(0, 120)}`,
    );
  }
  throw new DataError('DATA_INVALID', `${name} is empty`);
}

function sampleOf(line: string, { count, sentences, label }: Header, key: string, where: string): Sample {
  const fields = line.split('\t');
  if (fields.length !== count)
    throw new DataError('DATA_INVALID', `${where}: ${fields.length} fields, and ${count} columns`);
  const texts = sentences.map(column => fields[column]!.trim());
  if (texts.includes('')) throw new DataError('DATA_INVALID', `${where}: a sentence is empty`);
  const own = label === undefined ? undefined : fields[label]!.trim();
  if (own === '' || own === NO_LABEL) throw new DataError('DATA_INVALID', `${where}: it has no label`);
  return {
    ...{ key, images: [] },
    ...(own !== undefined && { label: own }),
    fields: Object.fromEntries(texts.map((text, i) => [`sentence${i + 1}`, text])),
  };
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
