import type { PrefixLmBatch } from '@simvlm/core';
import { layout, type SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs-core';

/** The likeliest token at every place of a batch whose next token is known, row by row. */
export async function likeliest(model: SimVlm, batch: PrefixLmBatch): Promise<number[]> {
  const { lengths } = layout(batch, model.config);
  const best = tf.tidy(() => tf.argMax(model.logits(batch), 2));
  const rows = (await best.array()) as number[][];
  best.dispose();
  return rows.flatMap((row, i) => row.slice(0, lengths[i]));
}

/** Share of equal numbers, in percent. */
export function percentEqual(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0)
    throw new Error(`${a.length} numbers beside ${b.length} cannot be compared`);
  return (100 * a.filter((value, i) => value === b[i]).length) / a.length;
}
