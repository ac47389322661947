import { balanced, groupBy } from './balance';
import { questionTypes } from './question-types';
import { indicesOf, pictureOf, type TaskExample, type TaskPictures } from './task-pictures';

/** How many people VQAv2 asks the same: where nobody disagrees, all of them say the same. */
const ANSWERS = 10;
/** Of each answer to a question, at most: there are thousands of people with a skin tone. */
const MOST = { train: 400, val: 40, test: 40 };

/**
 * Visual question answering: one question about a picture, ten equal answers. To each question every answer is right equally often, so that the question alone
 * says nothing about it.
 *
 * ```
 * { id: 'noto/1f98b what color is it', text: '', fields: { question: 'what color is it', answer: ['blue', 'blue', …], type: 'color' } }
 * ```
 */
export function questions({ name, pictures, random }: TaskPictures): TaskExample[] {
  const every = indicesOf(pictures, () => true);
  return questionTypes.flatMap(({ type, question, answers, answer }) => {
    const byAnswer = groupBy(answers, every, index =>
      answer(pictures.items[index]!, pictureOf(pictures, index)),
    );
    return balanced(byAnswer, random.fork(question), MOST[name]).map(
      ([right, index]): TaskExample => ({
        ...{ id: `${pictures.items[index]!.id} ${question}`, text: '' },
        fields: { question, answer: new Array<string>(ANSWERS).fill(right), type },
        pictures: [pictureOf(pictures, index)],
      }),
    );
  });
}
