import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { expectClose, numericGradient, sampleOf } from './compare';
import type { ValueMap, Values } from './values';

/** Tensors by name. */
export type Tensors = Record<string, tf.Tensor>;

/** An operation, its inputs, and what it is in float64. */
export interface Problem {
  readonly inputs: ValueMap;
  /** The operation on the current backend. */
  readonly run: (tensors: Tensors) => tf.Tensor;
  /** The same, one number at a time. */
  readonly reference: (inputs: ValueMap) => Float64Array;
  /** The inputs to differentiate by. */
  readonly by: readonly string[];
  /** What the gradient of the output is; of the output's shape. */
  readonly dy: Values;
}

/** The output is the reference's. */
export async function expectForward(problem: Problem, tolerance: number): Promise<void> {
  const { y } = await evaluate(problem, false);
  expectClose(y, problem.reference(problem.inputs), tolerance);
}

/** The gradients are those of finite differences, at up to `most` numbers of each input. */
export async function expectGradients(problem: Problem, tolerance: number, most = 300): Promise<void> {
  const { gradients } = await evaluate(problem, true);
  const { inputs, reference, by, dy } = problem;
  for (const name of by) {
    const picked = sampleOf(inputs[name]!.data.length, most);
    const want = numericGradient(reference, inputs, name, dy, picked);
    const got = picked.map(i => gradients[name]![i]!);
    expectClose(got, want, tolerance, `gradient by ${name}`);
  }
}

/** The output and the gradients on the current backend, read back. Fails where tensors are left behind. */
export async function evaluate(
  { inputs, run, by, dy }: Omit<Problem, 'reference'>,
  differentiate = true,
): Promise<{ y: Float32Array; gradients: Record<string, Float32Array> }> {
  const before = tf.memory().numTensors;
  const tensors = toTensors(inputs);
  const cotangent = toTensor(dy);
  const [y, ...gradients] = tf.tidy(() => {
    const output = run(tensors);
    if (!differentiate) return [output];
    const f = (...xs: tf.Tensor[]) =>
      run({ ...tensors, ...Object.fromEntries(by.map((name, i) => [name, xs[i]!])) });
    return [
      output,
      ...tf.grads(f)(
        by.map(name => tensors[name]!),
        cotangent,
      ),
    ];
  });
  expect(y!.shape).toEqual(dy.shape);
  gradients.forEach((gradient, i) => {
    expect(gradient.shape, `shape of the gradient by ${by[i]}`).toEqual(inputs[by[i]!]!.shape);
  });
  const result = {
    y: await read(y!),
    gradients: Object.fromEntries(
      await Promise.all(gradients.map(async (gradient, i) => [by[i]!, await read(gradient)] as const)),
    ),
  };
  tf.dispose([y!, gradients, tensors, cotangent]);
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  return result;
}

/**
 * The outputs of a fused kernel as the current backend has it, saved tensors included. Where that is the reference, the
 * operation must have run once, since references are registered when they are needed.
 */
export async function kernelOutputs(
  kernelName: string,
  inputs: ValueMap,
  attrs: object = {},
): Promise<Float32Array[]> {
  const tensors = toTensors(inputs);
  const called = tf.engine().runKernel(kernelName, tensors, attrs as tf.NamedAttrMap);
  const outputs = (Array.isArray(called) ? called : [called]) as tf.Tensor[];
  const values = await Promise.all(outputs.map(read));
  tf.dispose([outputs, tensors]);
  return values;
}

export function toTensor({ shape, data, dtype }: Values): tf.Tensor {
  const values = dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
  return tf.tensor(values, [...shape], dtype);
}

export function toTensors(values: ValueMap): Tensors {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  return (await tensor.data()) as Float32Array;
}
