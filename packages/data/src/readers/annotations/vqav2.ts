import { DataError, type JsonValue, type Sample, type SampleSource } from '@simvlm/core';
import type { DataFile } from '../folder';
import {
  type Annotation,
  type AnnotationOptions,
  annotationFile,
  annotationSource,
  idIn,
  listIn,
  objectOf,
  picture,
  restOf,
  textIn,
  valueIn,
} from './annotation-file';

export interface VqaOptions extends AnnotationOptions {
  /** The second file; test questions have none. */
  readonly annotations?: DataFile;
}

/**
 * VQAv2: a file of questions, and one of annotations, in orders of their own. A sample for each question, in the file's order, with its ten answers.
 * `fields` has `image_id`, `question_type`, `answer_type` and `multiple_choice_answer`. The picture is `COCO_val2014_` and twelve digits; its
 * first part is the questions' `data_subtype`, else that of the file's name.
 *
 * With annotations, a question without one is skipped and counted.
 */
export function vqaSource(questions: DataFile, options: VqaOptions): SampleSource {
  const files = [questions, ...(options.annotations ? [options.annotations] : [])];
  return annotationSource('vqav2', files, () => load(questions, options), options);
}

async function load(questions: DataFile, options: VqaOptions): Promise<(() => Sample)[]> {
  const content = await annotationFile(questions);
  const subset = subsetOf(content, questions.name);
  const answers = options.annotations && (await answersOf(options.annotations));
  return listIn(content, 'questions', questions.name).map(
    (value, i) => () => sample(value, `${questions.name}: question ${i}`, subset, answers, options),
  );
}

function subsetOf(content: Annotation, name: string): string {
  const stated = valueIn(content, 'data_subtype');
  // The development set is a part of the test set, and its pictures have the name of that.
  const subset =
    typeof stated === 'string' ? stated.replace(/-.*$/, '') : /(train|val|test)20\d\d/.exec(name)?.[0];
  if (subset === undefined)
    throw new DataError(
      'DATA_INVALID',
      `${name}: neither its "data_subtype" nor its name says which pictures these are, such as val2014`,
    );
  return subset;
}

/** Annotations by question. */
async function answersOf(
  file: DataFile,
): Promise<Map<string, { readonly value: Annotation; readonly where: string }>> {
  const list = listIn(await annotationFile(file), 'annotations', file.name);
  return new Map(
    list.map((value, i) => {
      const where = `${file.name}: annotation ${i}`;
      const annotation = objectOf(value, where);
      return [idIn(annotation, 'question_id', where), { value: annotation, where }];
    }),
  );
}

function sample(
  value: JsonValue,
  where: string,
  subset: string,
  answers: Awaited<ReturnType<typeof answersOf>> | undefined,
  options: VqaOptions,
): Sample {
  const question = objectOf(value, where);
  const key = idIn(question, 'question_id', where);
  const image = idIn(question, 'image_id', where);
  const annotation = answers?.get(key);
  if (answers && !annotation)
    throw new DataError('DATA_INVALID', `${where}: question ${key} has no annotation`);
  const path = `COCO_${subset}_${image.padStart(12, '0')}.jpg`;
  return {
    key,
    images: [picture(options, path, where)],
    question: textIn(question, 'question', where),
    ...(annotation && { answers: answerTexts(annotation.value, annotation.where) }),
    ...restOf({ ...question, ...annotation?.value }, ['question', 'question_id', 'answers']),
  };
}

function answerTexts(annotation: Annotation, where: string): string[] {
  return listIn(annotation, 'answers', where).map(answer => textIn(objectOf(answer, where), 'answer', where));
}
