import * as tf from '@tensorflow/tfjs';

/** A node of tfjs's tape, as far as it is used here (tfjs-core 4.22, `tape.ts`). */
interface TapeNode {
  /** What the forward pass kept for the gradient. */
  readonly saved: readonly tf.Tensor[];
  gradient?: (dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

interface EngineState {
  readonly activeTape: TapeNode[] | null;
  readonly gradientDepth: number;
}

/**
 * `tf.variableGrads`, which needs less memory: tfjs keeps everything that the forward pass saved, and every gradient on the way, until the
 * last one is there. Here both are freed as soon as the backward pass no longer needs them, so that its memory falls while that of the
 * gradients rises. The numbers are the same to the bit.
 *
 * @param loss gives a scalar; what it leaves behind is freed
 * @returns the loss and a gradient for each variable that it depends on, by the variable's name; the caller disposes both
 * @throws whatever `loss` throws
 */
export function variableGradients(
  loss: () => tf.Scalar,
  variables: tf.Variable[],
): { readonly value: tf.Scalar; readonly grads: Record<string, tf.Tensor> } {
  let used: (tf.Tensor | null)[] = [];
  const freeUsed = () => {
    for (const tensor of used) tensor?.dispose();
    used = [];
  };
  const result = tf.variableGrads(() => {
    const value = loss();
    const { activeTape, gradientDepth } = tf.engine().state as unknown as EngineState;
    // Inside of another gradient the tape is that one's, too.
    if (gradientDepth === 1)
      for (const node of activeTape ?? [])
        freeing(node, dys => {
          // Consumers of a node come earlier in the backward pass, so its gradient is final here.
          freeUsed();
          used = [...dys, ...node.saved];
        });
    return value;
  }, variables);
  freeUsed();
  return result as { value: tf.Scalar; grads: Record<string, tf.Tensor> };
}

/** Tells of each call of a node's gradient, whose tensors are then nobody else's. */
function freeing(node: TapeNode, called: (dys: readonly (tf.Tensor | null)[]) => void): void {
  const { gradient } = node;
  if (!gradient) return;
  node.gradient = dys => {
    called(dys);
    // A gradient may hand on what it was given or kept, or give one tensor for two inputs: each gets its own, of the same data.
    const taken = new Set<unknown>([...dys, ...node.saved]);
    const own = (make: () => tf.Tensor) => () => {
      const dx = make();
      if (taken.has(dx)) return dx.clone();
      taken.add(dx);
      return dx;
    };
    return Object.fromEntries(Object.entries(gradient(dys)).map(([name, make]) => [name, own(make)]));
  };
}
