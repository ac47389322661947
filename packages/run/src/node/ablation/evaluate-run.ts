import type { Checkpoint } from '@simvlm/checkpoint';
import type { EvaluationResult, Registry } from '@simvlm/core';
import type { EvaluatedRun } from '../../ablation/results';
import { type GridEvaluation, isTest } from '../../ablation/schema';
import { isEmoji } from '../../config/resolve';
import { evaluateCheckpoints } from '../../evaluate/evaluate-checkpoints';
import { type EvaluationSet, openSet } from '../../evaluate/evaluation-set';
import type { Reporter } from '../../reporter';
import { nodePlaces } from '../data';
import { emojiSets, SPLITS } from '../emoji-sets';

interface EvaluateRunOptions {
  readonly registry: Registry;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/** Evaluates a trained run. @throws as `evaluateCheckpoints` */
export async function evaluateRun(
  checkpoint: Checkpoint,
  evaluation: GridEvaluation,
  options: EvaluateRunOptions,
): Promise<Pick<EvaluatedRun, 'results' | 'skipped'>> {
  const { evaluators } = evaluation;
  const test = isTest(evaluation);
  const { records } = await evaluateCheckpoints([{ name: checkpoint.where, checkpoint }], {
    ...options,
    ...{ sets: [await setOf(evaluation, options)], evaluators, test },
    ...{ places: nodePlaces, intervals: false },
  });
  const results: Record<string, EvaluationResult> = {};
  const left: Record<string, number> = {};
  for (const { evaluator, metrics, skipped } of records) {
    results[evaluator] = metrics;
    if (skipped && skipped.draws > 0) left[evaluator] = skipped.draws;
  }
  return { results, skipped: left };
}

/** The splits of the embedded data set as `simvlm eval emoji` has them, drawn at the size of the model; any other source as it is. */
async function setOf(
  { name, data, ...evaluation }: GridEvaluation,
  { registry, reporter, signal }: EvaluateRunOptions,
): Promise<EvaluationSet> {
  const test = isTest({ data, ...evaluation });
  const { split = 'val', ...more } = typeof data === 'string' ? {} : data;
  if (isEmoji(data) && Object.keys(more).length <= 1 && Object.keys(SPLITS).includes(String(split)))
    return emojiSets({ split: String(split), test, reporter, signal })[0]!;
  return openSet(data, { registry, places: nodePlaces, test, name });
}
