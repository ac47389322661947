import { DataError, type SampleSource } from '@simvlm/core';
import type { DataFile } from '../folder';
import {
  type AnnotationOptions,
  annotationLines,
  idIn,
  picture,
  restOf,
  textIn,
  valueIn,
} from './annotation-file';

/**
 * NLVR2 (JSON lines in `dev.json`): a sentence about two pictures, with the label `True` or `False`. The pictures are named by the identifier without
 * its last part; those for training lie in a folder that `directory` names. Some are JPEG inside, whatever their name.
 */
export function nlvr2Source(file: DataFile, options: AnnotationOptions): SampleSource {
  return annotationLines(
    'nlvr2',
    file,
    (annotation, where) => {
      const key = textIn(annotation, 'identifier', where);
      const end = key.lastIndexOf('-');
      if (end < 0) throw new DataError('DATA_INVALID', `${where}: the identifier "${key}" has no parts`);
      const folder = Object.hasOwn(annotation, 'directory') ? `${idIn(annotation, 'directory', where)}/` : '';
      const label = valueIn(annotation, 'label');
      return {
        key,
        images: [0, 1].map(i => picture(options, `${folder}${key.slice(0, end)}-img${i}.png`, where)),
        text: textIn(annotation, 'sentence', where),
        // The hidden test set has none.
        ...(label !== undefined && { label: textIn(annotation, 'label', where) }),
        ...restOf(annotation, ['identifier', 'sentence', 'label', 'directory']),
      };
    },
    options,
  );
}
