import { join } from 'node:path';
import { at, CAPTIONS, QUESTIONS } from './sentences';
import type { Make } from './source';
import { lines, picture, write } from './write';

const PICTURES = 4;
/** More different answers than the vocabulary of the paper has, 3,129. */
const ANSWERS = 3200;

/** VQAv2: a file of questions and one of annotations with ten answers each. Every answer is another one, as the head is as wide as their number. */
export const vqav2: Make = async ({ path, images = '', annotations }, place) => {
  const subset = /(train|val|test)20\d\d/.exec(path as string)?.[0] ?? 'train2014';
  const questions = Array.from({ length: ANSWERS }, (_, i) => ({
    ...{ image_id: 1 + (i % PICTURES), question: at(QUESTIONS, i), question_id: 1000 + i },
  }));
  for (let i = 1; i <= PICTURES; i++)
    await write(place(join(images, `COCO_${subset}_${String(i).padStart(12, '0')}.jpg`)), picture(i));
  await write(
    place(path as string),
    JSON.stringify({ task_type: 'Open-Ended', data_type: 'mscoco', data_subtype: subset, questions }),
  );
  if (annotations === undefined) return;
  const annotated = questions.map(({ image_id, question_id }, i) => {
    const answer = `answer ${i}`;
    return {
      ...{ image_id, question_id, question_type: 'what color', answer_type: 'other' },
      multiple_choice_answer: answer,
      answers: Array.from({ length: 10 }, (_, id) => ({
        ...{ answer, answer_confidence: 'yes', answer_id: id + 1 },
      })),
    };
  });
  await write(place(annotations), JSON.stringify({ data_subtype: subset, annotations: annotated }));
};

/** NLVR2: a sentence on two pictures a line. Pictures for training lie in numbered folders. */
export const nlvr2: Make = async ({ path, images = '' }, place) => {
  const split = /train|dev|test1/.exec((path as string).split('/').at(-1)!)?.[0] ?? 'dev';
  const records = Array.from({ length: 2 * PICTURES }, (_, i) => ({
    sentence: at(CAPTIONS, i),
    identifier: `${split}-${100 + Math.floor(i / 2)}-${i % 2}-0`,
    ...(split === 'train' && { directory: i % 2 }),
    ...{ synset: 'dog', query: 'two dogs', label: i % 2 ? 'False' : 'True' },
  }));
  for (const [i, { identifier, directory }] of records.entries())
    for (const side of [0, 1]) {
      const name = `${identifier.slice(0, identifier.lastIndexOf('-'))}-img${side}.png`;
      await write(
        place(join(images, directory === undefined ? '' : `${directory}`, name)),
        picture(2 * i + side),
      );
    }
  await write(place(path as string), lines(records));
};

/** SNLI-VE: a hypothesis on a picture of Flickr30k a line, with the caption of that picture as `sentence1`. */
export const snliVe: Make = async ({ path, images = '' }, place) => {
  const labels = ['entailment', 'neutral', 'contradiction'];
  const records = Array.from({ length: 3 * PICTURES }, (_, i) => {
    const id = `${4705552900 + Math.floor(i / 3)}`;
    return {
      ...{ captionID: `${id}.jpg#0`, pairID: `${id}.jpg#0r1${'enc'[i % 3]}`, Flikr30kID: id },
      ...{ sentence1: at(CAPTIONS, i + 1), sentence2: at(CAPTIONS, i), gold_label: at(labels, i) },
    };
  });
  for (const [i, { Flikr30kID }] of records.entries())
    await write(place(join(images, `${Flikr30kID}.jpg`)), picture(Math.floor(i / 3)));
  await write(place(path as string), lines(records));
};
