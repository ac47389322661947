import { checkOptions, type EvaluationSubject, type Evaluator, rule } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { captionChoice, choiceScores } from '../choice';
import { measured } from '../measured';

/** `choice`: the likeliest of N captions, the true one among them. Options: `choices`, `seed`, `limit`, `batchSize`. */
export const choiceEvaluator: Evaluator = async (
  { model, tokenizer }: EvaluationSubject<SimVlm>,
  data,
  options,
  context = {},
) => {
  checkOptions('evaluator choice', options, {
    ...{ limit: rule.integer(1), batchSize: rule.integer(1) },
    ...{ choices: rule.integer(2), seed: rule.integer(0) },
  });
  const found = await captionChoice(model, tokenizer, data, {
    ...options,
    ...(context.signal && { signal: context.signal }),
    ...(context.onProgress && { onProgress: context.onProgress }),
  });
  context.signal?.throwIfAborted();
  const { metrics, predictions, cut, skipped } = found;
  return {
    ...measured(predictions.length, choiceScores(predictions), context),
    metrics,
    items: predictions.map(({ id, text, truth, scores, candidates }) => ({
      ...{ id, text, references: [truth] },
      ...{ scores: [...scores], candidates: [...candidates] },
    })),
    skipped,
    warnings: [...cutWarning(cut), ...tieWarning(metrics.ties!)],
  };
};

/** What a choice must say of candidates that the model does not read whole. */
export function cutWarning(cut: readonly string[]): string[] {
  if (cut.length === 0) return [];
  const how = cut.length === 1 ? '1 candidate is' : `${cut.length} candidates are`;
  return [`${how} longer than the model reads, compared without the end, such as ${JSON.stringify(cut[0])}`];
}

function tieWarning(ties: number): string[] {
  if (ties === 0) return [];
  const which = ties === 1 ? '1 picture' : `${ties} pictures`;
  return [
    `${which} had several likeliest candidates; a tie counts as a miss, even if the true caption is among them`,
  ];
}
