import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import { defineFused } from './define';
import { runsOf, sizeOf } from './grain';
import { sumPartials } from './reduce';

type Inputs = 'q' | 'k' | 'v' | 'keyLengths' | 'prefixLengths' | 'bias?';

/** Queries whose probabilities the gradient keeps at a time: TILE of `assembly/fused-attention-grad.ts`. */
const TILE = 32;

interface Extents {
  batch: number;
  queries: number;
  keys: number;
  heads: number;
  width: number;
  /** Keys rounded up to the blocks of eight in which they are packed. */
  padded: number;
}

function extents(q: tf.TensorInfo, k: tf.TensorInfo): Extents {
  const [batch, queries, heads, width] = q.shape as [number, number, number, number];
  const keys = k.shape[1]!;
  return { batch, queries, keys, heads, width, padded: Math.ceil(keys / 8) * 8 };
}

/** The grid that the kernel sees: none without a bias table, so that it reads none. */
function grid(
  bias: tf.TensorInfo | undefined,
  { gridHeight, gridWidth }: PrefixAttentionAttrs,
): [number, number] {
  return bias ? [gridHeight, gridWidth] : [0, 0];
}

export const prefixAttention = defineFused<Inputs, PrefixAttentionAttrs>(
  fusedKernel.prefixAttention,
  ({ q, k, v, keyLengths, prefixLengths, bias }, attrs, backend) => {
    const { batch, queries, keys, heads, width, padded } = extents(q, k);
    const y = backend.output(q.shape);
    const lse = backend.output([batch, heads, queries]);
    const { perRun, runs } = runsOf(batch * heads, (queries * keys * (width + 8)) / 8);
    const perItem = padded * width + 4 * padded;
    backend.runtime.withScratch(runs * perItem * 4, scratch => {
      const tensors = [q, k, v, keyLengths, prefixLengths, bias ?? q, y, lse].map(t => backend.pointer(t));
      backend.runJob('fusedPrefixAttention', runs, [
        ...tensors,
        scratch,
        ...[batch, queries, keys, heads, width],
        attrs.offset,
        { f32: attrs.scale },
        ...grid(bias, attrs),
        perRun,
        perItem,
      ]);
    });
    return [y, lse];
  },
);

export const prefixAttentionGrad = defineFused<Inputs | 'y' | 'lse' | 'dy', PrefixAttentionAttrs>(
  fusedKernel.prefixAttentionGrad,
  ({ q, k, v, keyLengths, prefixLengths, bias, y, lse, dy }, attrs, backend) => {
    const { batch, queries, keys, heads, width, padded } = extents(q, k);
    const gradients = [q, k, v].map(({ shape }) => backend.output(shape));
    const tableNumbers = bias ? sizeOf(bias.shape) : 0;
    const dbias = bias && backend.output(bias.shape);
    const { perRun, runs } = runsOf(batch * heads, (queries * keys * (width + 4)) / 3);
    const perItem = 2 * padded * width + 2 * TILE * padded;
    backend.runtime.withScratch((batch * tableNumbers + runs * perItem) * 4, partial => {
      const inputs = [q, k, v, keyLengths, prefixLengths, bias ?? q, y, lse, dy];
      const tensors = [...inputs, ...gradients].map(tensor => backend.pointer(tensor));
      backend.runJob('fusedPrefixAttentionGrad', runs, [
        ...tensors,
        partial,
        partial + batch * tableNumbers * 4,
        ...[batch, queries, keys, heads, width],
        attrs.offset,
        { f32: attrs.scale },
        ...grid(bias, attrs),
        perRun,
        perItem,
      ]);
      // The sum over the batch, in its order.
      if (dbias) sumPartials(backend, partial, dbias, batch, tableNumbers);
    });
    if (queries === 0) {
      // No tile of queries, and so nobody who wrote these.
      for (const empty of gradients)
        backend.runtime.floats(backend.pointer(empty), sizeOf(empty.shape)).fill(0);
    }
    return dbias ? [...gradients, dbias] : gradients;
  },
);
