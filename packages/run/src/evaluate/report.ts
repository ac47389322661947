import type { Evaluation, JsonValue } from '@simvlm/core';

/** What one evaluator found of one checkpoint on one set of examples. */
export interface EvaluationRecord extends Evaluation {
  /** The model that the checkpoint is of: checkpoints that differ in the seed of their training alone are one. */
  readonly model: string;
  /** As it was named. */
  readonly checkpoint: string;
  /** Seed of its training; none of a model that was imported. */
  readonly trainingSeed?: number;
  readonly task: string;
  /** Name of the set. */
  readonly source: string;
  /** Name of the evaluator: see `namedEvaluators`. */
  readonly evaluator: string;
  readonly options: Readonly<Record<string, JsonValue>>;
  /** Of an evaluator that draws, where seeds were asked for. */
  readonly seed?: number;
}

/** A number of several checkpoints or seeds together. */
export interface SummaryMetric {
  readonly mean: number;
  /** In the order of the records. */
  readonly values: readonly number[];
  /** 95 %: of one value over the examples, where it was asked for; of several over them, by Student's t. */
  readonly low?: number;
  readonly high?: number;
}

/** What one evaluator found of one model on one set. */
export interface SummaryRow {
  readonly model: string;
  readonly source: string;
  readonly evaluator: string;
  /** How many values each number is the mean of. */
  readonly runs: number;
  readonly metrics: Readonly<Record<string, SummaryMetric>>;
}

export interface EvaluationReport {
  readonly records: readonly EvaluationRecord[];
  readonly summary: readonly SummaryRow[];
}
