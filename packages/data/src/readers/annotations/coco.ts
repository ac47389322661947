import { DataError, type JsonValue, type Sample, type SampleSource } from '@simvlm/core';
import type { DataFile } from '../folder';
import {
  type AnnotationOptions,
  annotationFile,
  annotationSource,
  captions,
  idIn,
  listIn,
  objectOf,
  picture,
  restOf,
  textIn,
} from './annotation-file';

/**
 * COCO captions (`captions_val2014.json`), and NoCaps, which has their layout: a sample for each picture of `images`, in the file's order, with its
 * captions in theirs. A picture may have none. `fields` is what else the file says of the picture, such as `domain` in NoCaps.
 *
 * A picture without id or file name, a caption of a picture that is not there, and an empty caption are skipped and counted.
 */
export function cocoSource(
  file: DataFile,
  options: AnnotationOptions & { readonly format?: 'coco' | 'nocaps' },
): SampleSource {
  return annotationSource(options.format ?? 'coco', [file], () => load(file, options), options);
}

async function load(file: DataFile, options: AnnotationOptions): Promise<(() => Sample)[]> {
  const content = await annotationFile(file);
  const texts = new Map<string, string[]>();
  const problems: (() => never)[] = [];
  const images = listIn(content, 'images', file.name);
  const ids = new Set(images.map(image => String((image as { id?: JsonValue } | null)?.id)));
  for (const [i, value] of listIn(content, 'annotations', file.name).entries()) {
    const where = `${file.name}: annotation ${i}`;
    try {
      const annotation = objectOf(value, where);
      const id = idIn(annotation, 'image_id', where);
      if (!ids.has(id)) throw new DataError('DATA_INVALID', `${where}: there is no picture ${id}`);
      const text = textIn(annotation, 'caption', where);
      const list = texts.get(id);
      if (list) list.push(text);
      else texts.set(id, [text]);
    } catch (error) {
      problems.push(() => {
        throw error;
      });
    }
  }
  const samples = images.map((value, i) => () => {
    const where = `${file.name}: image ${i}`;
    const image = objectOf(value, where);
    const key = idIn(image, 'id', where);
    return {
      key,
      images: [picture(options, textIn(image, 'file_name', where), where)],
      ...captions(texts.get(key) ?? []),
      ...restOf(image, ['id', 'file_name']),
    };
  });
  return [...samples, ...problems];
}
