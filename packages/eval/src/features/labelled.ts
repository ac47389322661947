import { DataError, type Example, type ExampleDataset, SkipLog, type SkipReport } from '@simvlm/core';
import { nothingEvaluated } from '../nothing-evaluated';
import { pictureBatches } from '../pictures';
import type { Vectors } from './vectors';

/** Pictures as vectors, each with its class: n rows in memory. */
export interface LabelledVectors {
  readonly width: number;
  /** `float32[n, width]`, row-major. */
  readonly values: Float32Array;
  /** n */
  readonly labels: readonly string[];
  /** n */
  readonly ids: readonly string[];
  readonly skipped: SkipReport;
}

export interface LabelledOptions {
  /** The field of an example that is its class. */
  readonly label: string;
  /** At most so many examples, from the first on. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The pictures of a data set as vectors, with their classes, in their order. What has no picture or no class is left out and reported.
 *
 * @throws DataError when nothing is left, and for a vector with a value that is no finite number; the signal's reason on abort
 */
export async function labelledVectors(
  dataset: ExampleDataset,
  { square, atOnce, of }: Vectors,
  { label, limit = dataset.length, signal, onProgress }: LabelledOptions,
): Promise<LabelledVectors> {
  const skipped = new SkipLog();
  const parts: Float32Array[] = [];
  const labels: string[] = [];
  const ids: string[] = [];
  let width = 0;
  const options = { square, batchSize: atOnce, limit, ...(signal && { signal }) };
  for await (const batch of pictureBatches(withClasses(dataset, label), options, skipped)) {
    const made = await of(batch.map(({ image }) => image));
    const wrong = made.values.findIndex(value => !Number.isFinite(value));
    if (wrong >= 0)
      throw new DataError(
        'DATA_INVALID',
        `the features of "${batch[Math.floor(wrong / made.width)]!.id}" hold ${made.values[wrong]}, which is no finite number`,
      );
    width = made.width;
    parts.push(made.values);
    for (const example of batch) {
      labels.push(classOf(example, label));
      ids.push(example.id);
    }
    onProgress?.(ids.length + skipped.report().draws, Math.min(limit, dataset.length));
  }
  signal?.throwIfAborted();
  const report = skipped.report();
  if (ids.length === 0) throw nothingEvaluated(report);
  return { width, values: joined(parts, ids.length * width), labels, ids, skipped: report };
}

/**
 * The class of an example: a text, or a number or truth value as one.
 *
 * @param label the field that it is in; `text` for the example's text
 * @throws DataError when it has none
 */
export function classOf(
  { id, text, fields }: Pick<Example, 'id' | 'text' | 'fields'>,
  label: string,
): string {
  const value = label === 'text' ? text : fields?.[label];
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new DataError('DATA_INVALID', `example "${id}" has no "${label}"`);
}

/** An example without a class is left out before its picture is computed with. */
export function withClasses(dataset: ExampleDataset, label: string): ExampleDataset {
  return {
    length: dataset.length,
    async get(index) {
      const example = await dataset.get(index);
      classOf(example, label);
      return example;
    },
  };
}

function joined(parts: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
