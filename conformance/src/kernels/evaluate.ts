import { Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type Case, type Operand, of } from './case';

/** An output or gradient, read back. */
export interface Result {
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number>;
}

/** Outputs and gradients of a case on a backend. Fails where tensors leak. */
export async function evaluate(
  backendName: string,
  { name, inputs, run, gradient }: Case,
): Promise<Result[]> {
  await tf.setBackend(backendName);
  const before = tf.memory().numTensors;
  const random = Random.fromSeed(1).fork(name);
  const operands = inputs.map((operand, index) => makeTensor(operand, random.fork(index)));
  const tensors = tf.tidy(() => {
    const outputs = [run(...operands)].flat();
    const named: [string, tf.Tensor][] = outputs.map((output, i) => [`output ${i}`, output]);
    if (gradient) {
      // The same cotangent on every backend: it depends on the case alone.
      const f = (...xs: tf.Tensor[]): tf.Scalar => {
        const ys = [run(...xs)].flat();
        const terms = ys.map((y, i) =>
          tf.sum(tf.mul(y, makeTensor(of(...y.shape), random.fork(`cotangent ${i}`)))),
        );
        return tf.addN(terms) as tf.Scalar;
      };
      const differentiable = operands.filter(({ dtype }) => dtype === 'float32');
      const g = tf.grads((...xs) =>
        f(...operands.map(x => (x.dtype === 'float32' ? xs[differentiable.indexOf(x)]! : x))),
      );
      g(differentiable).forEach((gradientOfInput, i) => {
        named.push([`gradient ${i}`, gradientOfInput]);
      });
    }
    // Held apart, so that an input returned as it is survives.
    return Object.fromEntries(named.map(([what, tensor]) => [what, tensor.clone()]));
  });
  const results: Result[] = [];
  for (const [what, tensor] of Object.entries(tensors)) {
    results.push({ what, shape: tensor.shape, dtype: tensor.dtype, values: await tensor.data() });
  }
  tf.dispose([tensors, operands]);
  expect(tf.memory().numTensors, `${backendName} leaks tensors`).toBe(before);
  return results;
}

function makeTensor(
  { shape, values, dtype = 'float32', positive: above = false }: Operand,
  random: Random,
): tf.Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const drawn =
    values ?? Array.from({ length: size }, () => (above ? Math.abs(random.normal()) + 0.1 : random.normal()));
  return tf.tensor([...drawn], [...shape], dtype);
}

/** Shapes, types and numbers agree. */
export function expectClose(actual: readonly Result[], expected: readonly Result[], tolerance: number): void {
  expect(actual.map(({ what, shape, dtype }) => ({ what, shape, dtype }))).toEqual(
    expected.map(({ what, shape, dtype }) => ({ what, shape, dtype })),
  );
  expected.forEach(({ what, values }, output) => {
    for (let i = 0; i < values.length; i++) {
      const [a, e] = [actual[output]!.values[i]!, values[i]!];
      const same = Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e));
      if (!same) expect.fail(`${what}[${i}] is ${a}, the CPU backend has ${e}`);
    }
  });
}
