// The gradients of tfjs-core's own operations: it registers none by itself.
import '#gradients';
import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernelName } from './kernels';
import { isWanted } from './wanted';

/** What a fused kernel reads: tensors by name, or a list where any number is allowed. */
export type FusedInputs = Readonly<Record<string, tf.Tensor>> | readonly tf.Tensor[];

/** A fused kernel: its name, and its reference composed of plain tfjs operations. */
export interface FusedKernel {
  readonly name: FusedKernelName;
  /** Runs inside a tidy: what it returns is kept, all else is freed. Outputs in the order of `fusedKernel`. */
  // biome-ignore lint/suspicious/noExplicitAny: each kernel has its own inputs and attributes, checked where it is defined
  readonly reference: (inputs: any, attrs: any) => tf.Tensor[];
}

/**
 * Runs a fused kernel on the current backend. A backend without a kernel of that name gets the reference, which
 * runs on every backend. Not differentiable by itself: the public functions bring their gradients.
 *
 * @returns the outputs, owned by the caller (or by the tidy around it)
 */
export function runFused(kernel: FusedKernel, inputs: FusedInputs, attrs: object = {}): tf.Tensor[] {
  const backend = tf.getBackend();
  if (!tf.getKernel(kernel.name, backend)) {
    tf.registerKernel({
      kernelName: kernel.name,
      backendName: backend,
      kernelFunc: ({ inputs: given, attrs: options }) => tf.tidy(() => kernel.reference(given, options)),
    });
  }
  const outputs = tf
    .engine()
    .runKernel(kernel.name, inputs as unknown as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as
    | tf.Tensor
    | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/**
 * A differentiable function out of a forward and a backward pass.
 *
 * @param inputs the tensors to differentiate by, in the order of the gradients
 * @param forward gives the value and what the backward pass needs (kept until then)
 * @param backward gives one gradient for each input; none is needed for the inputs that are not `wanted`
 */
export function differentiable<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: () => { readonly value: T; readonly saved: readonly tf.Tensor[] },
  backward: (
    dy: T,
    saved: readonly tf.Tensor[],
    wanted: (input: number) => boolean,
  ) => readonly (tf.Tensor | undefined)[],
): T {
  const run = tf.customGrad((...args) => {
    const save = args[args.length - 1] as unknown as (tensors: tf.Tensor[]) => void;
    const { value, saved } = forward();
    save([...saved]);
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) =>
      // tfjs insists on a tensor for each; nobody reads the one in the place of a gradient that is not wanted.
      backward(dy as T, kept, i => isWanted(kept, i)).map(gradient => gradient ?? dy);
    return { value, gradFunc };
  });
  return run(...inputs) as T;
}
