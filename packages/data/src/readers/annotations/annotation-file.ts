import {
  DataError,
  type JsonValue,
  parseJsonObject,
  type Sample,
  type SampleImage,
  type SampleSource,
} from '@simvlm/core';
import { partsSource } from '../../order/parts-source';
import { type DataFile, type Folder, imageIn, pathBelow, wholeFile } from '../folder';
import { linePlaceOf, placedLines, savedPlace } from '../lines';
import { filePart, filesVersion, listPart, type Outcome, type Part, type Row } from '../part';
import type { PartsOptions } from '../parts-reader';
import { rowOf } from '../table';

export interface AnnotationOptions extends PartsOptions {
  /** The folder that paths of pictures are relative to. */
  readonly images: Folder;
}

/** An object of a JSON file. Its keys come from the file: ask with `Object.hasOwn`. */
export type Annotation = Readonly<Record<string, JsonValue>>;

/** More than this, and no engine makes a string of it. */
const MOST_BYTES = 500 * 2 ** 20;

/** A file of annotations: a JSON object. @throws DataError when it is none, or too large */
export async function annotationFile(file: DataFile): Promise<Annotation> {
  const { size } = await file.open();
  if (size > MOST_BYTES)
    throw new DataError(
      'DATA_INVALID',
      `${file.name}: ${size} bytes, more than ${MOST_BYTES}; convert it to JSON lines`,
    );
  return parseJsonObject(await wholeFile(file), file.name);
}

/** A list of objects in such a file. @throws DataError when it is not there */
export function listIn(annotations: Annotation, name: string, where: string): readonly JsonValue[] {
  const list = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
  if (!Array.isArray(list))
    throw new DataError('DATA_INVALID', `${where}: it has no list "${name}"; is it of this format?`);
  return list;
}

/**
 * A source of a file that is read whole, once: its annotations are in memory, its pictures are not.
 *
 * @param files what it is made of, the one that names it first
 * @param load the records, each with what makes its sample, which may throw a DataError: then the record is skipped and counted
 */
export function annotationSource(
  format: string,
  files: readonly DataFile[],
  load: () => Promise<readonly (() => Sample)[]>,
  options: PartsOptions,
): SampleSource {
  const part = listPart({ name: files[0]!.name, version: () => filesVersion(files) }, async () =>
    (await load()).map(
      (make): (() => Outcome) =>
        () =>
          rowOf(make),
    ),
  );
  return partsSource(format, [part], options);
}

/** A source of a file with an annotation a line, read as it comes. */
export function annotationLines(
  format: string,
  file: DataFile,
  sample: (annotation: Annotation, where: string) => Sample,
  options: PartsOptions,
): SampleSource {
  const part: Part = {
    ...filePart(file),
    async *rows(from: JsonValue | undefined): AsyncGenerator<Row> {
      for await (const { text, number, after } of placedLines(
        await file.open(),
        linePlaceOf(from),
        file.name,
      )) {
        if (text.trim() === '') continue;
        const where = `${file.name}:${number}`;
        yield { ...rowOf(() => sample(parseJsonObject(text, where), where)), after: savedPlace(after) };
      }
    },
  };
  return partsSource(format, [part], options);
}

/** An object of a list. @throws DataError for anything else */
export function objectOf(value: JsonValue | undefined, where: string): Annotation {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DataError('DATA_INVALID', `${where}: must be an object`);
  return value;
}

/** A text of an annotation, as it stands. @throws DataError when it is not there */
export function textIn(annotation: Annotation, name: string, where: string): string {
  const value = valueIn(annotation, name);
  if (typeof value !== 'string' || value.trim() === '')
    throw new DataError('DATA_INVALID', `${where}: "${name}" must be text`);
  return value;
}

/** A number or a text that names something, as text. @throws DataError when it is not there */
export function idIn(annotation: Annotation, name: string, where: string): string {
  const value = valueIn(annotation, name);
  if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return String(value);
  throw new DataError('DATA_INVALID', `${where}: "${name}" must be a number or text`);
}

export function valueIn(annotation: Annotation, name: string): JsonValue | undefined {
  return Object.hasOwn(annotation, name) ? annotation[name] : undefined;
}

/** What an annotation says besides the names that are used. */
export function restOf(annotation: Annotation, used: readonly string[]): Pick<Sample, 'fields'> {
  const fields = Object.entries(annotation).filter(([name]) => !used.includes(name));
  return fields.length === 0 ? {} : { fields: Object.fromEntries(fields) };
}

/** The captions of a picture: `text` is the first, `texts` all of several. */
export function captions(texts: readonly string[]): Pick<Sample, 'text' | 'texts'> {
  return { ...(texts.length > 0 && { text: texts[0]! }), ...(texts.length > 1 && { texts }) };
}

/** A picture by its path below the folder. @throws DataError for a path that leaves it */
export function picture({ images }: AnnotationOptions, path: string, where: string): SampleImage {
  return imageIn(images, pathBelow(path, where));
}
