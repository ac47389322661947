import { type EvaluationSubject, type Evaluator, type JsonValue, type OptionRule, rule } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { openComparison, rankedEvaluation } from '../features/comparison';
import { linearProbe, type ProbeOptions } from '../probe/linear-probe';

const strengths: OptionRule = {
  expected: 'a list of numbers, 0 or more each',
  accepts: value =>
    Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'number' && each >= 0),
};

const probe: Evaluator = async (subject: EvaluationSubject<SimVlm>, data, options, context = {}) => {
  const own = { l2: strengths, seed: rule.integer(0), iterations: rule.integer(1) };
  const comparison = await openComparison('probe', subject, data, options, own, context);
  const { l2, seed, iterations } = options as Omit<ProbeOptions, 'signal'>;
  const fitted = await linearProbe(comparison.train, {
    ...(l2 && { l2 }),
    ...(seed !== undefined && { seed }),
    ...(iterations !== undefined && { iterations }),
    ...(context.signal && { signal: context.signal }),
  });
  const ranked = rankedClasses(await fitted.logits(comparison.evaluated), fitted.classes);
  const found = rankedEvaluation(comparison, ranked, context);
  return {
    ...found,
    metrics: { ...found.metrics, trainAccuracy: fitted.trainAccuracy, l2: fitted.l2 },
    warnings: [
      ...(fitted.converged ? [] : ['the probe stopped before its optimum; give more "iterations"']),
      ...(found.warnings ?? []),
    ],
  };
};

/**
 * `probe`: a linear classifier on frozen features, fitted with L-BFGS; its `l2` is chosen on a held-out tenth of the training examples. Also
 * says `trainAccuracy` and `l2`. Options: `l2` (what is tried), `seed` (of the held-out part), `iterations`, and those of `openComparison`.
 */
export const probeEvaluator: Evaluator = Object.assign(probe, {
  // Where one l2 is given nothing is chosen, and no part is held out.
  draws: ({ l2 }: Readonly<Record<string, JsonValue>>) => !Array.isArray(l2) || l2.length > 1,
});

/** The likeliest five classes of each row, or all of fewer. */
function rankedClasses(logits: Float32Array, classes: readonly string[]): string[][] {
  const { length } = classes;
  return Array.from({ length: logits.length / length }, (_, row) => {
    const own = logits.subarray(row * length, (row + 1) * length);
    const order = [...own.keys()].sort((a, b) => own[b]! - own[a]!);
    return order.slice(0, 5).map(index => classes[index]!);
  });
}
