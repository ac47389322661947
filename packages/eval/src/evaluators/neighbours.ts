import { type EvaluationSubject, type Evaluator, type OptionRule, rule } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { openComparison, rankedEvaluation } from '../features/comparison';
import { votedClasses } from '../features/neighbours';

/** What Wu et al. (CVPR 2018) and Caron et al. (ICCV 2021) vote with. */
const [K, TEMPERATURE] = [20, 0.07];

const positive: OptionRule = {
  expected: 'a number above 0',
  accepts: value => typeof value === 'number' && value > 0,
};

/**
 * `neighbours`: each picture gets the class that its nearest training pictures vote for, by the cosine similarity of frozen features. Options: `k`
 * (default 20), `temperature` (default 0.07), and those of `openComparison`.
 */
export const neighboursEvaluator: Evaluator = async (
  subject: EvaluationSubject<SimVlm>,
  data,
  options,
  context = {},
) => {
  const own = { k: rule.integer(1), temperature: positive };
  const comparison = await openComparison('neighbours', subject, data, options, own, context);
  const { k = K, temperature = TEMPERATURE } = options as { k?: number; temperature?: number };
  const ranked = await votedClasses(comparison.train, comparison.evaluated, {
    ...{ k, temperature },
    ...(context.signal && { signal: context.signal }),
  });
  return rankedEvaluation(comparison, ranked, context);
};
