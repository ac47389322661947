import { DataError, type Evaluator } from '@simvlm/core';
import { signature, vqaAccuracy } from '@simvlm/metrics';
import { measured } from '../measured';
import { askedAnswers } from './answers';

/** So many people must say the same for a full point, the one who is compared with left out. */
const FEWEST = 4;

/**
 * `vqa`: the accuracy of answers in per cent, as VQA's evaluation has it: what three of ten people said is right. Both sides are normalised as there. An
 * answer is compared to what `fields.answer` has. Options: `limit`.
 */
export const vqaEvaluator: Evaluator = async (subject, data, options, context = {}) => {
  const { answers, ...found } = await askedAnswers('vqa', subject, data, options, context);
  const few = answers.find(({ truths }) => truths.length < FEWEST);
  if (few)
    throw new DataError(
      'DATA_INVALID',
      `evaluator vqa: example "${few.id}" has ${few.truths.length} answers, and with fewer than ${FEWEST} none is wholly right; ` +
        'use the evaluator "answers" where there is one answer, or a few right ones',
    );
  const items = answers.map(({ id, text, truths }) => ({ id, prediction: text, answers: truths }));
  return {
    ...measured(items.length, { accuracy: vqaAccuracy(items) }, context),
    signatures: { accuracy: signature({ norm: 'vqa-2021-03' }) },
    items: items.map(({ id, prediction, answers }) => ({ id, text: prediction, answers: [...answers] })),
    ...found,
  };
};
