import type { EvaluationResult, JsonValue, StepMetrics } from '@simvlm/core';

/** What `metrics.jsonl` tells of a run. */
export interface RunMetrics {
  readonly steps: readonly StepMetrics[];
  readonly evaluations: readonly { readonly step: number; readonly results: EvaluationResult }[];
}

/** A run for a report. */
export interface RunRecord extends RunMetrics {
  readonly name: string;
  /** What it was told. */
  readonly config: JsonValue;
}

/** Sorts the lines of `metrics.jsonl`. Metrics of evaluators have a slash in their names, those of a step have none. */
export function sortLines(lines: readonly Readonly<Record<string, unknown>>[]): RunMetrics {
  const steps: StepMetrics[] = [];
  const evaluations: { step: number; results: EvaluationResult }[] = [];
  for (const line of lines) {
    const { step, ...results } = line;
    if (Object.keys(results).some(key => key.includes('/')))
      evaluations.push({ step: step as number, results: results as EvaluationResult });
    else steps.push(line as unknown as StepMetrics);
  }
  return { steps, evaluations };
}
