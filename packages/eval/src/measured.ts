import { DataError, type Evaluation, type EvaluationResult, type EvaluatorContext } from '@simvlm/core';
import { bootstrap, type Interval, type Scores } from '@simvlm/metrics';

/** Metrics of the same examples, by name. */
export type NamedScores = Readonly<Record<string, Scores>>;

/**
 * The numbers of all examples together, and how many examples they are of.
 *
 * @throws DataError where there is none: a number made of nothing would be taken for a result
 */
export function metricsOf(count: number, scores: NamedScores): EvaluationResult {
  if (count === 0) throw new DataError('DATA_INVALID', 'nothing was evaluated: there are no predictions');
  return {
    ...Object.fromEntries(Object.entries(scores).map(([name, { corpus }]) => [name, corpus])),
    count,
  };
}

/**
 * What an evaluator says of its examples: the numbers, and their 95 % intervals where they are asked for.
 *
 * @throws DataError where there is no example
 */
export function measured(
  count: number,
  scores: NamedScores,
  { intervals = false }: EvaluatorContext = {},
): Pick<Evaluation, 'metrics' | 'intervals'> {
  const metrics = metricsOf(count, scores);
  if (!intervals) return { metrics };
  const found = Object.entries(scores).flatMap(([name, { of }]): [string, Interval][] => {
    const interval = bootstrap(count, of);
    return interval ? [[name, interval]] : [];
  });
  return { metrics, intervals: Object.fromEntries(found) };
}
