import type { TrainCallback } from '@simvlm/core';
import type { StepEvaluation } from './evaluation';
import type { Reporter } from './reporter';

/** The last evaluations of a training, of each evaluator one; what they warn of is told once. */
export function lastEvaluations(reporter: Pick<Reporter, 'warn'>) {
  const found = new Map<string, StepEvaluation>();
  const told = new Set<string>();
  let last: number | null = null;
  const callback: TrainCallback = {
    onStep({ totalSteps }) {
      last = totalSteps;
    },
  };
  return {
    /** Knows from each step how many there will be. */
    callback,
    isLast: (step: number) => step === last,
    add(evaluation: StepEvaluation): void {
      found.set(evaluation.evaluator, evaluation);
      for (const warning of evaluation.warnings ?? []) {
        const text = `${evaluation.evaluator}: ${warning}`;
        if (!told.has(text)) reporter.warn(text);
        told.add(text);
      }
    },
    /** Those of this step. */
    at: (step: number): StepEvaluation[] => [...found.values()].filter(each => each.step === step),
  };
}
