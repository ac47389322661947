import { differentiable, gradientsOf } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/** What a function reads besides the parameters that it closes over. */
export interface Reads {
  /** float32 tensors that have a gradient. */
  readonly inputs: readonly tf.Tensor[];
  /** Tensors that have none: lengths, masks. */
  readonly constants: readonly tf.Tensor[];
  /** Every parameter that the function closes over: there is a gradient for each that is trained. */
  readonly params: readonly tf.Tensor[];
}

/** Gives the same result each time it is called with the same. */
export type Recomputable = (inputs: readonly tf.Tensor[], constants: readonly tf.Tensor[]) => tf.Tensor;

/** `f(inputs, constants)`; with `again`, what is inside of it is computed once more in the backward pass instead of kept. */
export function pass(f: Recomputable, reads: Reads, again = false): tf.Tensor {
  return again ? recomputed(f, reads) : f(reads.inputs, reads.constants);
}

/**
 * `f(inputs, constants)` of which nothing but these is kept for the backward pass: there it is computed once more (gradient checkpointing,
 * Chen et al., 2016). The gradients are the same, and none is computed by parameters that are not trained; it costs one more forward pass,
 * and intermediate results live only while the gradients of `f` itself are computed.
 */
function recomputed(f: Recomputable, { inputs, constants, params }: Reads): tf.Tensor {
  return differentiable(
    [...inputs, ...params],
    () => ({ value: f(inputs, constants), saved: [...inputs, ...constants] }),
    (dy, saved, isWanted) => {
      const kept = saved.slice(0, inputs.length);
      const xs = [...kept, ...params];
      const asked = xs.flatMap((x, i) => (isWanted(i) ? [{ x, i }] : []));
      const found = gradientsOf(
        () => f(kept, saved.slice(inputs.length)),
        asked.map(({ x }) => x),
        dy,
      );
      const gradients = xs.map((): tf.Tensor | undefined => undefined);
      // What this run of `f` did not read (the bias of images, in text alone) has none.
      for (const [at, { x, i }] of asked.entries()) gradients[i] = found[at] ?? tf.zerosLike(x);
      return gradients;
    },
  );
}
