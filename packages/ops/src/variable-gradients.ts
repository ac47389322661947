import * as tf from '@tensorflow/tfjs';
import { want } from './wanted';

/** A node of tfjs's tape, as far as it is used here (tfjs-core 4.22, `tape.ts`). */
interface TapeNode {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  /** What the forward pass kept for the gradient. */
  readonly saved: readonly tf.Tensor[];
  /** Gradients of the inputs by those of the outputs, of which one that is null counts as zeros. */
  readonly gradient?: (dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** What tfjs's engine has for its own gradients (`engine.ts`). */
interface Engine {
  readonly state: { activeTape: TapeNode[] | null; readonly gradientDepth: number };
  startTape(): void;
  endTape(): void;
}

/** Is given a gradient as soon as it is final. The tensor is freed after the call. */
export type GradientReceiver = (variable: tf.Variable, gradient: tf.Tensor) => void;

/**
 * `tf.variableGrads`, which needs less memory: tfjs keeps everything that the forward pass saved, and every gradient on the way, until the
 * last one is there. Here both are freed as soon as the backward pass no longer needs them, so that its memory falls while that of the
 * gradients rises, and linear maps compute no gradient by weights that are not among the variables. The numbers are the same to the bit.
 *
 * @param loss gives a scalar; what it leaves behind is freed
 * @param receive is given each gradient while the backward pass goes on, in the order in which they become final (the last layer's first);
 *   then none is returned
 * @returns the loss and a gradient for each variable that it depends on, by the variable's name; the caller disposes both
 * @throws whatever `loss` throws
 */
export function variableGradients(
  loss: () => tf.Scalar,
  variables: tf.Variable[],
  receive?: GradientReceiver,
): { readonly value: tf.Scalar; readonly grads: Record<string, tf.Tensor> } {
  const engine = tf.engine() as unknown as Engine;
  // Inside of another gradient the tape is that one's, too.
  if (engine.state.gradientDepth > 0) {
    const { value, grads } = tf.variableGrads(loss, variables);
    if (!receive) return { value, grads };
    for (const variable of variables) if (grads[variable.name]) receive(variable, grads[variable.name]!);
    tf.dispose(grads);
    return { value, grads: {} };
  }
  let tape: TapeNode[] = [];
  try {
    engine.startTape();
    tape = engine.state.activeTape!;
    let value: tf.Scalar;
    try {
      value = tf.tidy(loss);
    } finally {
      engine.endTape();
    }
    const grads = tf.tidy(() => backward(tape, value, variables, receive));
    return { value, grads };
  } finally {
    for (const { saved } of tape) tf.dispose([...saved]);
    engine.state.activeTape = null;
  }
}

/** Walks the tape backwards. Every consumer of a node's outputs comes later on the tape, so their gradients are final when it is reached. */
function backward(
  tape: readonly TapeNode[],
  value: tf.Scalar,
  variables: readonly tf.Variable[],
  receive: GradientReceiver | undefined,
): Record<string, tf.Tensor> {
  const { depends, finalAfter } = dependencies(tape, variables);
  const gradients = new Map<number, tf.Tensor>([[value.id, tf.onesLike(value)]]);
  const grads: Record<string, tf.Tensor> = {};
  const finish = (variable: tf.Variable) => {
    const gradient = gradients.get(variable.id);
    if (!gradient) return;
    if (!receive) {
      grads[variable.name] = gradient;
      return;
    }
    receive(variable, gradient);
    gradient.dispose();
  };
  for (let i = tape.length - 1; i >= 0; i--) {
    const node = tape[i]!;
    const dys = node.outputs.map(({ id }) => gradients.get(id) ?? null);
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => depends.has(id));
    if (inputs.length > 0 && dys.some(dy => dy !== null)) {
      for (const [x, dx] of inputGradients(node, inputs, dys)) add(gradients, x, dx);
    }
    for (const variable of finalAfter.get(i) ?? []) finish(variable);
    // Nobody else reads these. A variable may be an output only of an assignment, which is not on a tape.
    tf.dispose([...dys.filter(dy => dy !== null), ...node.saved]);
    for (const { id } of node.outputs) gradients.delete(id);
  }
  return grads;
}

/** Which tensors depend on a variable, and after which node the gradients of which variables are final. */
function dependencies(tape: readonly TapeNode[], variables: readonly tf.Variable[]) {
  const depends = new Set(variables.map(({ id }) => id));
  const byId = new Map(variables.map(variable => [variable.id, variable]));
  const finalAfter = new Map<number, tf.Variable[]>();
  for (const [i, { inputs, outputs }] of tape.entries()) {
    const read = Object.values(inputs).filter(({ id }) => depends.has(id));
    if (read.length === 0) continue;
    for (const { id } of outputs) depends.add(id);
    // The first node that reads a variable is the last to add to its gradient.
    const firstRead = read.flatMap(({ id }) => byId.get(id) ?? []);
    for (const { id } of firstRead) byId.delete(id);
    if (firstRead.length > 0) finalAfter.set(i, [...new Set(firstRead)]);
  }
  return { depends, finalAfter };
}

/** What a node adds to the gradients of its inputs: tensors of its own, each for one input. */
function inputGradients(
  node: TapeNode,
  inputs: readonly (readonly [string, tf.Tensor])[],
  dys: readonly (tf.Tensor | null)[],
): [tf.Tensor, tf.Tensor][] {
  if (!node.gradient) throw new Error('a function on the way from the variables to the loss has no gradient');
  // A gradient may hand on what it was given or kept, or give one tensor for two inputs: each gets its own, of the same data.
  const taken = new Set<unknown>([...dys, ...node.saved]);
  want(
    node.saved,
    inputs.map(([name]) => name),
  );
  const dxs = tf.tidy(() => {
    const makers = node.gradient!(dys);
    return inputs.map(([name, x]) => {
      const dx = makers[name]!();
      if (dx.shape.join() !== x.shape.join())
        throw new Error(`the gradient of an input of shape [${x.shape}] has shape [${dx.shape}]`);
      if (taken.has(dx)) return dx.clone();
      taken.add(dx);
      return dx;
    });
  });
  return inputs.map(([, x], i) => [x, dxs[i]!]);
}

function add(gradients: Map<number, tf.Tensor>, { id }: tf.Tensor, dx: tf.Tensor): void {
  const sum = gradients.get(id);
  gradients.set(id, sum ? tf.add(sum, dx) : dx);
  if (!sum) return;
  sum.dispose();
  dx.dispose();
}
