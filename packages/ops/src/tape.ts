// The gradients of tfjs-core's own operations: it registers none by itself.
import '#gradients';
import * as tf from '@tensorflow/tfjs-core';
import { want } from './wanted';

/** A node of tfjs's tape, as far as it is used here (tfjs-core 4.22, `tape.ts`). */
export interface TapeNode {
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

/** Whether the pass runs inside of another gradient, whose tape is then this one's, too. */
export function isInsideGradient(): boolean {
  return (tf.engine() as unknown as Engine).state.gradientDepth > 0;
}

/**
 * `use(value, tape)` with what `f` gives and the tape of how it came about; what `f` leaves behind is freed, and at the end what the tape
 * holds. Not inside of a gradient. It may run while somebody walks another tape: tfjs knows one at a time, and finds that one again.
 */
export function withTape<T extends tf.Tensor, R>(
  f: () => T,
  use: (value: T, tape: readonly TapeNode[]) => R,
): R {
  const engine = tf.engine() as unknown as Engine;
  const { activeTape } = engine.state;
  let tape: TapeNode[] = [];
  try {
    engine.startTape();
    tape = engine.state.activeTape!;
    let value: T;
    try {
      value = tf.tidy(f);
    } finally {
      engine.endTape();
    }
    return use(value, tape);
  } finally {
    for (const { saved } of tape) tf.dispose([...saved]);
    engine.state.activeTape = activeTape;
  }
}

/**
 * Walks the tape backwards from `y`. Every consumer of a node's outputs comes later on the tape, so their gradients are final when it is
 * reached. What a node no longer needs is freed behind it.
 *
 * @param dy the gradient of `y`, which is freed or handed over
 * @param xs what to differentiate by
 * @param finish is given each gradient that there is, as soon as it is final, and owns it
 */
export function backward<X extends tf.Tensor>(
  tape: readonly TapeNode[],
  y: tf.Tensor,
  dy: tf.Tensor,
  xs: readonly X[],
  finish: (x: X, gradient: tf.Tensor) => void,
): void {
  const { depends, finalAfter } = dependencies(tape, xs);
  const gradients = new Map([[y.id, dy]]);
  const handOver = (x: X) => {
    const gradient = gradients.get(x.id);
    if (!gradient) return;
    gradients.delete(x.id);
    finish(x, gradient);
  };
  for (let i = tape.length - 1; i >= 0; i--) {
    const node = tape[i]!;
    const dys = node.outputs.map(({ id }) => gradients.get(id) ?? null);
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => depends.has(id));
    if (inputs.length > 0 && dys.some(each => each !== null)) {
      for (const [x, dx] of inputGradients(node, inputs, dys)) add(gradients, x, dx);
    }
    for (const x of finalAfter.get(i) ?? []) handOver(x);
    // Nobody else reads these. A variable may be an output only of an assignment, which is not on a tape.
    tf.dispose([...dys.filter(each => each !== null), ...node.saved]);
    for (const { id } of node.outputs) gradients.delete(id);
  }
  // `y` may be one of `xs` as it is.
  for (const x of xs) handOver(x);
}

/** Which tensors depend on one of `xs`, and after which node the gradients of which of them are final. */
function dependencies<X extends tf.Tensor>(tape: readonly TapeNode[], xs: readonly X[]) {
  const depends = new Set(xs.map(({ id }) => id));
  const byId = new Map(xs.map(x => [x.id, x]));
  const finalAfter = new Map<number, X[]>();
  for (const [i, { inputs, outputs }] of tape.entries()) {
    const read = Object.values(inputs).filter(({ id }) => depends.has(id));
    if (read.length === 0) continue;
    for (const { id } of outputs) depends.add(id);
    // The first node that reads one is the last to add to its gradient.
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
  if (!node.gradient) throw new Error('a function on the way to the result has no gradient');
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
