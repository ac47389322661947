import * as tf from '@tensorflow/tfjs';

/** What a function reads besides the parameters that it closes over. */
export interface Reads {
  /** float32 tensors that have a gradient. */
  readonly inputs: readonly tf.Tensor[];
  /** Tensors that have none: lengths, masks. */
  readonly constants: readonly tf.Tensor[];
  /** Every parameter that the function closes over: there is a gradient for each. */
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
 * Chen et al., 2016). The gradients are the same; it costs one more forward pass, and intermediate results live only while the gradients of
 * `f` itself are computed.
 */
function recomputed(f: Recomputable, { inputs, constants, params }: Reads): tf.Tensor {
  const run = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save([...inputs, ...constants]);
    return {
      value: f(inputs, constants),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        gradients(
          f,
          { inputs: saved.slice(0, inputs.length), constants: saved.slice(inputs.length), params },
          dy,
        ),
    };
  });
  return run(...inputs, ...params);
}

function gradients(f: Recomputable, { inputs, constants, params }: Reads, dy: tf.Tensor): tf.Tensor[] {
  const engine = tf.engine();
  const xs = [...inputs, ...params];
  // tfjs knows one tape at a time, and the one of the pass around this is still in use.
  const { activeTape } = engine.state;
  try {
    return tf.tidy(() => {
      const { grads } = engine.gradients(() => f(inputs, constants), xs, dy);
      // What this run of `f` did not read (the bias of images, in text alone) has none.
      return grads.map((grad, i) => grad ?? tf.zerosLike(xs[i]!));
    });
  } finally {
    engine.state.activeTape = activeTape;
  }
}
