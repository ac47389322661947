import {
  ConfigError,
  checkOptions,
  type Example,
  type Random,
  rule,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import { collate, imagePixels, type Row } from '@simvlm/data';
import { decodable, type Normalisation, picturesAtOnce, prefixLmLearner, type SimVlm } from '@simvlm/model';
import { candidatesRule, openCandidates } from './candidates';
import { answerer, learnerOptions, pictureBatchSources, pictureOf } from './common';
import { textOf, textRoom, textsOf, writtenRow } from './written-text';

interface Question extends Row {
  readonly image: NonNullable<Row['image']>;
  /** Right answers, at least one. */
  readonly truths: readonly string[];
}

/**
 * `answer`: open-ended questions on pictures (the paper's generative VQA). The question is the prefix, the answer is predicted and its tokens
 * alone are the loss. Examples have them in `fields.question` and `fields.answer`; a list of right answers gives a training step one of them
 * at random.
 *
 * Options: `candidates`, the answers that the model may give, a list or `training` for all those of the training data (default: any text); of
 * these it gives the likeliest, of equally likely ones the first of the list (of training data: the most frequent), `normalise` `sum` by
 * Σ log p (default) or `length` by its mean over the tokens; `answerLength`, tokens that are kept free for the answer (default: a third of the model's text). A
 * longer question loses its end, and what a short one leaves is the answer's.
 */
export const answerTask: TaskFactory = async (options, context: TaskContext<SimVlm>) => {
  const { model, tokenizer } = context;
  const { maxTextLength } = model.config;
  const where = 'task answer';
  checkOptions(where, options, {
    candidates: candidatesRule,
    normalise: rule.oneOf('sum', 'length'),
    answerLength: rule.integer(1, maxTextLength - 2),
  });
  const { answerLength = Math.max(1, Math.floor(maxTextLength / 3)) } = options as { answerLength?: number };
  const normalise = options.normalise as Normalisation | undefined;
  if (normalise && options.candidates === undefined)
    throw new ConfigError('CONFIG_INVALID', `${where}: "normalise" is for "candidates"`);
  const { pad, eos } = tokenizer.special;
  const room = textRoom(model.config, answerLength);
  const given = options.candidates as 'training' | readonly string[] | undefined;
  const candidates =
    given && (await openCandidates(context, { where, given, room: room.written(room.before), answersOf }));

  const row = (example: Example, random: Random | undefined): Question => {
    const truths = answersOf(example);
    const answer = random ? random.fork('answer').pick(truths) : truths[0]!;
    const question = tokenizer.encode(textOf(example, 'question'));
    return {
      ...{ id: example.id, image: pictureOf(example, model.config), truths },
      ...writtenRow(question, tokenizer.encode(answer), room, eos),
    };
  };
  const texts = async (rows: readonly Question[]): Promise<string[]> => {
    const asked = {
      images: imagePixels(rows.map(({ image }) => image)),
      prompts: rows.map(({ tokens, prefixLength }) => tokens.subarray(0, prefixLength)),
    };
    if (candidates) {
      const found = await model.likeliestCandidates(
        { ...asked, rows: rows.length },
        candidates.tokens,
        normalise,
      );
      return found.map(({ index }) => candidates.texts[index]!);
    }
    const made = await model.generate(asked);
    return made.map(({ tokens }) => tokenizer.decode(decodable(tokens, model.config)));
  };

  const learner = prefixLmLearner(model, learnerOptions(context));
  return {
    learner: { ...learner, files: () => new Map([...learner.files!(), ...(candidates?.files ?? [])]) },
    ...pictureBatchSources('answer', context, { row, batch: rows => collate(rows, { pad }) }),
    evaluators: ['answers'],
    metric: { name: 'answers/accuracy', better: 'higher' },
    answer: answerer(
      example => row(example, undefined),
      async rows => {
        const said = await texts(rows);
        return rows.map(({ id, truths }, i) => ({ id, truths, text: said[i]! }));
      },
      picturesAtOnce(model),
    ),
  };
};

/** `"red"` or `["red", "dark red"]`. @throws DataError for an example without an answer */
export function answersOf(example: Pick<Example, 'id' | 'fields'>): readonly string[] {
  return textsOf(example, 'answer');
}
