import {
  checkOptions,
  DataError,
  type Example,
  type JsonValue,
  type Random,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import { collate, imagePixels, type Row } from '@simvlm/data';
import { decodable, picturesAtOnce, prefixLmLearner, type SimVlm } from '@simvlm/model';
import { answerer, learnerOptions, pictureBatchSources, pictureOf } from './common';

interface Question extends Row {
  readonly image: NonNullable<Row['image']>;
  /** The tokens of the question alone. */
  readonly question: Int32Array;
  /** Right answers, at least one. */
  readonly truths: readonly string[];
}

/**
 * `answer`: open-ended questions on pictures (the paper's generative VQA). The question is the prefix, the answer is predicted and its tokens
 * alone are the loss. Examples have them in `fields.question` and `fields.answer`; a list of right answers gives a training step one of them
 * at random.
 */
export const answerTask: TaskFactory = (options, context: TaskContext<SimVlm>) => {
  checkOptions('task answer', options, {});
  const { model, tokenizer } = context;
  const { pad, eos } = tokenizer.special;

  const row = (example: Example, random: Random | undefined): Question => {
    const truths = answersOf(example);
    const answer = random ? random.fork('answer').pick(truths) : truths[0]!;
    const room = model.config.maxTextLength - 1;
    const target = tokenizer.encode(answer).subarray(0, room);
    // The answer is whole wherever it can be: of a long question the end is left out.
    const question = tokenizer.encode(questionOf(example)).subarray(0, room - target.length);
    return {
      ...{ id: example.id, image: pictureOf(example, model.config), question, truths },
      tokens: Int32Array.of(...question, ...target, eos),
      prefixLength: question.length,
    };
  };

  return {
    learner: prefixLmLearner(model, learnerOptions(context)),
    ...pictureBatchSources('answer', context, { row, batch: rows => collate(rows, { pad }) }),
    evaluators: ['answers'],
    metric: { name: 'answers/accuracy', better: 'higher' },
    answer: answerer(
      example => row(example, undefined),
      async rows => {
        const made = await model.generate({
          images: imagePixels(rows.map(({ image }) => image)),
          prompts: rows.map(({ question }) => question),
        });
        return rows.map(({ id, truths }, i) => ({
          ...{ id, truths },
          text: tokenizer.decode(decodable(made[i]!.tokens, model.config)),
        }));
      },
      picturesAtOnce(model),
    ),
  };
};

function questionOf({ id, fields }: Example): string {
  const question = fields?.question;
  if (typeof question !== 'string' || question.trim() === '')
    throw new DataError('DATA_INVALID', `example "${id}" has no "question"`);
  return question;
}

/** `"red"` or `["red", "dark red"]`. */
export function answersOf({ id, fields }: Pick<Example, 'id' | 'fields'>): readonly string[] {
  const answer: JsonValue | undefined = fields?.answer;
  const answers = (Array.isArray(answer) ? answer : [answer]).filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  );
  if (answers.length === 0) throw new DataError('DATA_INVALID', `example "${id}" has no "answer"`);
  return answers;
}
