import type { EvaluationResult } from '@simvlm/core';
import type { GridEvaluation } from './schema';

/** What `run.json` of a trained run says. */
export interface TrainedRun {
  readonly format: 1;
  readonly seed: number;
  /** Steps, seconds and the smoothed loss of the training, and what was measured last in it, such as `val/loss`. */
  readonly training: EvaluationResult;
  readonly backend: string;
  readonly machine: string;
}

/** What `evaluations/NAME.json` of a run says. */
export interface EvaluatedRun {
  readonly format: 1;
  /** What was asked for. */
  readonly evaluation: GridEvaluation;
  readonly checkpoint: 'last' | 'best';
  /** By the names of the evaluators. */
  readonly results: Readonly<Record<string, EvaluationResult>>;
  /** Examples that could not be used, by the names of the evaluators; only of those that left some out. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** How a run of a grid ended, as its folder tells. */
export interface RunResult {
  readonly seed: number;
  readonly state: 'done' | 'failed' | 'missing';
  /** Why it failed. */
  readonly failure?: string;
  /** By names such as `val/caption/wordF1` and `training/val/loss`. */
  readonly values: EvaluationResult;
}

/** The runs of a cell. */
export interface CellResult {
  readonly name: string;
  /** Trained for the cells after it alone. */
  readonly hidden?: boolean;
  readonly runs: readonly RunResult[];
}

/** The cells that a table shows: not those that are there for others, unless a run of them failed, which the others miss. */
export function shownCells(cells: readonly CellResult[]): readonly CellResult[] {
  return cells.filter(({ hidden, runs }) => !hidden || runs.some(({ state }) => state === 'failed'));
}

/** The values of a run by the names that a grid's metrics have. */
export function valuesOf(
  trained: TrainedRun | undefined,
  evaluated: readonly EvaluatedRun[],
): EvaluationResult {
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(trained?.training ?? {})) values[`training/${name}`] = value;
  for (const { evaluation, results } of evaluated)
    for (const [evaluator, metrics] of Object.entries(results))
      for (const [name, value] of Object.entries(metrics))
        values[`${evaluation.name}/${evaluator}/${name}`] = value;
  return values;
}
