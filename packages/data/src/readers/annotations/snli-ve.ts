import { DataError, type SampleSource } from '@simvlm/core';
import type { DataFile } from '../folder';
import { type AnnotationOptions, annotationLines, picture, restOf, textIn } from './annotation-file';

/**
 * SNLI-VE (JSON lines): a picture of Flickr30k as the premise, `text` as the hypothesis, and the label `entailment`, `neutral` or `contradiction`.
 * A pair on which its annotators did not agree (`-`) is skipped and counted.
 */
export function snliVeSource(file: DataFile, options: AnnotationOptions): SampleSource {
  return annotationLines(
    'snli-ve',
    file,
    (annotation, where) => {
      const key = textIn(annotation, 'pairID', where);
      const label = textIn(annotation, 'gold_label', where);
      if (label === '-') throw new DataError('DATA_INVALID', `${where}: pair ${key} has no gold label`);
      // Spelt so in the files.
      const name = textIn(annotation, 'Flikr30kID', where);
      return {
        key,
        images: [picture(options, /\.jpg$/i.test(name) ? name : `${name}.jpg`, where)],
        text: textIn(annotation, 'sentence2', where),
        label,
        ...restOf(annotation, ['pairID', 'gold_label', 'Flikr30kID', 'sentence2']),
      };
    },
    options,
  );
}
