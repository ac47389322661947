import type { Evaluator } from '@simvlm/core';
import { referenceCount, translationBleu, translationSignature } from '@simvlm/metrics';
import { measured } from '../measured';
import { askedAnswers } from './answers';

/** `bleu`: BLEU of translations, 0 to 100, as sacrebleu computes it by default, against all right translations. Options: `limit`. */
export const bleuEvaluator: Evaluator = async (subject, data, options, context = {}) => {
  const { answers, ...found } = await askedAnswers('bleu', subject, data, options, context);
  const items = answers.map(({ id, text, truths }) => ({ id, prediction: text, references: truths }));
  return {
    ...measured(items.length, { bleu: translationBleu(items) }, context),
    signatures: { bleu: translationSignature(referenceCount(items)) },
    items: answers.map(({ id, text, truths }) => ({ id, text, references: [...truths] })),
    ...found,
  };
};
