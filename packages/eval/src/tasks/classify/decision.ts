import type { ExampleOutline, Metric } from '@simvlm/core';
import type { ClassifierOptions } from '@simvlm/model';

/** What would be right of an example. */
export interface Right {
  /** What the outputs are to say: see `ClassifierTarget`. Absent where nothing of it can be learnt. */
  readonly outputs?: readonly number[];
  /** As text; each of them is right. */
  readonly truths: readonly string[];
}

/** What a classifier decides: its outputs, what they are trained to be, and what they mean. */
export interface Decision {
  readonly head: Pick<ClassifierOptions, 'classes' | 'target'>;
  /** Files of the checkpoint. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** @throws DataError for an example that does not say what is right */
  right(example: ExampleOutline): Right;
  /** What the head predicts, as text. */
  text(prediction: number): string;
  readonly evaluators: readonly string[];
  readonly metric: Metric;
}
