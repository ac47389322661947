import * as tf from '@tensorflow/tfjs-core';
import type { Memory } from './contract';

/** A memory that outlives the tidy in which it is made. */
export function keptMemory(make: () => Memory): Memory {
  let memory!: Memory;
  tf.tidy(() => {
    memory = make();
    for (const { k, v } of memory.layers) for (const tensor of [k, v]) tf.keep(tensor);
    tf.keep(memory.lengths);
  });
  return memory;
}

export function disposeMemory({ layers, lengths }: Memory): void {
  for (const { k, v } of layers) tf.dispose([k, v]);
  lengths.dispose();
}

/** Row r of the copy is row `rows[r]`. */
export function copiedMemory({ layers, lengths }: Memory, rows: tf.Tensor1D): Memory {
  return {
    layers: layers.map(({ k, v }) => ({ k: tf.gather(k, rows), v: tf.gather(v, rows) })),
    lengths: tf.gather(lengths, rows),
  };
}
