import type { JsonValue, Sample, SampleSource } from '@simvlm/core';
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
  textIn,
  valueIn,
} from './annotation-file';

/**
 * Karpathy's splits of COCO and Flickr (`dataset_coco.json`): a sample for each picture, with its sentences as they were written (some end in a line break there, not here). `split` chooses
 * `train`, `val`, `test` or `restval`, which is used for training as a rule: `train+restval`.
 */
export function karpathySource(file: DataFile, options: AnnotationOptions): SampleSource {
  return annotationSource('karpathy', [file], () => load(file, options), options);
}

async function load(file: DataFile, options: AnnotationOptions): Promise<(() => Sample)[]> {
  return listIn(await annotationFile(file), 'images', file.name).map(
    (image, i) => () => sample(image, `${file.name}: image ${i}`, options),
  );
}

function sample(value: JsonValue, where: string, options: AnnotationOptions): Sample {
  const image = objectOf(value, where);
  const folder = valueIn(image, 'filepath');
  const name = textIn(image, 'filename', where);
  const path = typeof folder === 'string' && folder !== '' ? `${folder}/${name}` : name;
  const sentences = listIn(image, 'sentences', where).map(sentence =>
    textIn(objectOf(sentence, where), 'raw', where).trim(),
  );
  return {
    key: idIn(image, ['cocoid', 'imgid'].find(id => Object.hasOwn(image, id)) ?? 'filename', where),
    images: [picture(options, path, where)],
    ...captions(sentences),
    split: textIn(image, 'split', where),
  };
}
