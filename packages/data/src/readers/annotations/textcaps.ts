import { DataError, type JsonValue, type Sample, type SampleSource } from '@simvlm/core';
import type { DataFile } from '../folder';
import {
  type Annotation,
  type AnnotationOptions,
  annotationFile,
  annotationSource,
  captions,
  idIn,
  listIn,
  objectOf,
  picture,
  textIn,
  valueIn,
} from './annotation-file';

/**
 * TextCaps: a row for each caption in `data`, grouped by `image_id`. A sample for each picture, in the order in which they come first, with its captions
 * in the file's order; the pictures of the test set have none. A row without `image_id` is skipped and counted.
 */
export function textCapsSource(file: DataFile, options: AnnotationOptions): SampleSource {
  return annotationSource('textcaps', [file], () => load(file, options), options);
}

async function load(file: DataFile, options: AnnotationOptions): Promise<(() => Sample)[]> {
  const pictures = new Map<
    string,
    { readonly row: Annotation; readonly texts: string[]; readonly where: string }
  >();
  const problems: (() => never)[] = [];
  for (const [i, value] of listIn(await annotationFile(file), 'data', file.name).entries()) {
    const where = `${file.name}: row ${i}`;
    try {
      add(pictures, value, where);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      problems.push(() => {
        throw error;
      });
    }
  }
  const samples = [...pictures].map(([key, { row, texts, where }]) => () => ({
    key,
    images: [picture(options, pathOf(row, key), where)],
    ...captions(texts),
  }));
  return [...samples, ...problems];
}

function add(
  pictures: Map<string, { readonly row: Annotation; readonly texts: string[]; readonly where: string }>,
  value: JsonValue,
  where: string,
): void {
  const row = objectOf(value, where);
  const id = idIn(row, 'image_id', where);
  const entry = pictures.get(id) ?? { row, texts: [], where };
  if (valueIn(row, 'caption_str') !== undefined) entry.texts.push(textIn(row, 'caption_str', where));
  pictures.set(id, entry);
}

function pathOf(row: Annotation, id: string): string {
  const path = valueIn(row, 'image_path');
  return typeof path === 'string' && path !== '' ? path : `${id}.jpg`;
}
