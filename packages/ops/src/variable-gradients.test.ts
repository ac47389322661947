import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { differentiable, fusedKernel, gradientsOf, type LinearGradAttrs, layerNorm, linear } from './index';
import { variableGradients } from './variable-gradients';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const filled = (shape: number[], seed: number) =>
  tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.5, 'float32', seed)));

/** Layers that read one another and themselves twice, as a Transformer's residuals do, and a weight that is used in each. */
function deep(x: tf.Tensor, weights: tf.Variable[], shared: tf.Variable): tf.Scalar {
  let h: tf.Tensor = x;
  const gamma = tf.ones([x.shape[1]!]);
  const beta = tf.zeros([x.shape[1]!]);
  for (const w of weights) {
    const normed = layerNorm(h, gamma, beta);
    h = tf.add(h, linear(tf.mul(normed, normed), w, undefined, { activation: 'gelu' }));
    h = tf.add(tf.matMul(h as tf.Tensor2D, shared as tf.Tensor2D), h);
  }
  return tf.mean(tf.square(h)) as tf.Scalar;
}

function disposeAll(...things: unknown[]): void {
  tf.dispose(things as tf.Tensor[]);
}

describe('gradients of variables', () => {
  test("are tfjs's own to the bit, and so is the loss", () => {
    const weights = [1, 2, 3, 4].map(seed => filled([8, 8], seed));
    const shared = filled([8, 8], 9);
    const x = filled([6, 8], 10);
    const loss = () => deep(x, weights, shared);
    const ours = variableGradients(loss, [...weights, shared]);
    const theirs = tf.variableGrads(loss, [...weights, shared]);
    expect(ours.value.dataSync()).toEqual(theirs.value.dataSync());
    expect(Object.keys(ours.grads)).toEqual(Object.keys(theirs.grads));
    for (const [name, gradient] of Object.entries(ours.grads))
      expect(gradient.dataSync(), name).toEqual(theirs.grads[name]!.dataSync());
    disposeAll(weights, shared, x, ours.value, ours.grads, theirs.value, theirs.grads);
  });

  test('of some of the weights compute none by the others, and are the same', async () => {
    const [first, frozen, last] = [1, 2, 3].map(seed => filled([8, 8], seed)) as [
      tf.Variable,
      tf.Variable,
      tf.Variable,
    ];
    const bias = filled([8], 4);
    const x = filled([6, 8], 10);
    const loss = () => {
      const h = linear(linear(x, first), frozen, bias, { activation: 'gelu-erf' });
      return tf.mean(tf.square(linear(h, last))) as tf.Scalar;
    };
    const trained = [first, last];
    const all = variableGradients(loss, [...trained, frozen, bias]);
    const runKernel = vi.spyOn(tf.engine(), 'runKernel');
    const some = variableGradients(loss, trained);
    const wanted = runKernel.mock.calls
      .filter(([name]) => name === fusedKernel.linearGrad)
      .map(([, , attrs]) => (attrs as unknown as LinearGradAttrs).wanted);
    runKernel.mockRestore();
    // From the last map to the first: nothing is trained before that.
    expect(wanted).toEqual(['all', 'x', 'weights']);
    expect(Object.keys(some.grads).sort()).toEqual(trained.map(({ name }) => name).sort());
    for (const [name, gradient] of Object.entries(some.grads))
      expect(gradient.dataSync()).toEqual(all.grads[name]!.dataSync());
    disposeAll(first, frozen, last, bias, x, all.value, all.grads, some.value, some.grads);
  });

  test('take less memory on the way back: what is kept, and not the gradient of each result beside it', async () => {
    const weights = Array.from({ length: 24 }, (_, i) => filled([1], i));
    const x = filled([1000], 100);
    const peak = async (run: typeof variableGradients | typeof tf.variableGrads) => {
      const before = tf.memory().numBytes;
      const { kernels } = await tf.profile(() => {
        const { value, grads } = run(
          () => tf.sum(weights.reduce<tf.Tensor>((h, w) => tf.mul(h, w), x)) as tf.Scalar,
          weights,
        );
        tf.dispose([value, Object.values(grads)]);
        return value;
      });
      const back = kernels.slice(kernels.findIndex(({ name }) => name === 'Sum') + 1);
      return Math.max(...back.map(({ totalBytesSnapshot }) => totalBytesSnapshot)) - before;
    };
    const [ours, theirs] = [await peak(variableGradients), await peak(tf.variableGrads)];
    expect(ours).toBeLessThan(1.3 * 24 * 4000);
    expect(theirs).toBeGreaterThan(1.9 * 24 * 4000);
    disposeAll(weights, x);
  });

  test('are handed over as they become final, the last layer first, and are the same numbers', () => {
    const weights = [1, 2, 3].map(seed => filled([8, 8], seed));
    const shared = filled([8, 8], 9);
    const unused = filled([2], 10);
    const x = filled([6, 8], 11);
    const variables = [shared, ...weights, unused];
    const order: string[] = [];
    const received = new Map<string, Float32Array>();
    /** Tensors that there are besides the gradient which is handed over: fewer and fewer. */
    const alive: number[] = [];
    const { value, grads } = variableGradients(
      () => deep(x, weights, shared),
      variables,
      ({ name }, gradient) => {
        order.push(name);
        received.set(name, gradient.dataSync() as Float32Array);
        alive.push(tf.memory().numTensors);
      },
    );
    expect(grads).toEqual({});
    // What all layers read is final when the first is through.
    expect(order).toEqual([weights[2], weights[1], shared, weights[0]].map(variable => variable!.name));
    expect(alive).toEqual([...alive].sort((a, b) => b - a));
    const whole = variableGradients(() => deep(x, weights, shared), variables);
    for (const [name, gradient] of Object.entries(whole.grads))
      expect(received.get(name), name).toEqual(gradient.dataSync());
    expect(received.size).toBe(Object.keys(whole.grads).length);
    disposeAll(variables, x, value, whole.value, whole.grads);
  });

  test('survive a gradient that hands on what it was given, and one tensor given for two inputs', () => {
    const sum = (a: tf.Tensor, b: tf.Tensor) =>
      differentiable(
        [a, b],
        () => ({ value: tf.add(a, b), saved: [] }),
        dy => [dy, dy],
      );
    const [a, b] = [filled([3], 1), filled([3], 2)];
    const loss = () => tf.sum(sum(sum(a, b), sum(b, tf.mul(a, 3)))) as tf.Scalar;
    const { value, grads } = variableGradients(loss, [a, b]);
    expect([...grads[a.name]!.dataSync()]).toEqual([4, 4, 4]);
    expect([...grads[b.name]!.dataSync()]).toEqual([2, 2, 2]);
    disposeAll(a, b, value, grads);
  });

  test('inside of another gradient nothing is freed that the outer one needs', () => {
    const w = filled([4], 1);
    const outer = tf.grad((x: tf.Tensor) => {
      const { value, grads } = variableGradients(() => tf.sum(tf.square(tf.mul(w, x))) as tf.Scalar, [w]);
      return tf.add(value, tf.sum(grads[w.name]!));
    });
    const x = tf.tensor1d([1, 2, 3, 4]);
    const result = tf.tidy(() => outer(x));
    // d/dx (Σ w²x² + Σ 2wx²) = 2w²x + 4wx
    const want = tf.tidy(() => tf.add(tf.mul(tf.mul(tf.square(w), x), 2), tf.mul(tf.mul(w, x), 4)));
    for (const [i, value] of want.dataSync().entries()) expect(result.dataSync()[i]).toBeCloseTo(value, 4);
    disposeAll(w, x, result, want);
  });
});

const numbers = (gradients: readonly (tf.Tensor | undefined)[]) => gradients.map(each => each?.dataSync());

describe('gradients of a function by what it reads', () => {
  test("are tfjs's own to the bit, undefined where there is none, and leave nothing behind", () => {
    const [x, first, last, unread] = [
      filled([3, 4], 1),
      filled([4, 4], 2),
      filled([4, 2], 3),
      filled([2], 4),
    ];
    const f = () => linear(linear(x, first, undefined, { activation: 'gelu' }), last);
    const dy = tf.tensor2d([1, -2, 0.5, 3, 0, 1], [3, 2]);
    const ours = gradientsOf(f, [last, unread, x, first], dy);
    const theirs = tf.grads((...given: tf.Tensor[]) =>
      linear(linear(given[0]!, given[1]!, undefined, { activation: 'gelu' }), given[2]!),
    )([x, first, last], dy);
    expect(numbers(ours)).toEqual(numbers([theirs[2], undefined, theirs[0], theirs[1]]));
    tf.dispose([x, first, last, unread, dy, theirs, ours.filter(each => each !== undefined)]);
  });

  test('of a function that gives what it was given are those of the result', () => {
    const [x, dy] = [filled([2], 1), tf.tensor1d([3, 4])];
    const [dx] = gradientsOf(() => x, [x], dy);
    dy.dispose();
    expect([...dx!.dataSync()]).toEqual([3, 4]);
    tf.dispose([x, dx!]);
  });

  test('of a part that is computed again: by what is read of it only', () => {
    const [x, frozen, trained] = [filled([3, 4], 1), filled([4, 4], 2), filled([4, 4], 3)];
    const part = (h: tf.Tensor) => linear(linear(linear(h, trained), frozen), trained);
    const again = (h: tf.Tensor) =>
      differentiable(
        [h, frozen, trained],
        () => ({ value: part(h), saved: [h] }),
        (dy, [kept], isWanted) => {
          expect([0, 1, 2].map(isWanted)).toEqual([false, false, true]);
          return [undefined, undefined, ...gradientsOf(() => part(kept!), [trained], dy)];
        },
      );
    const runKernel = vi.spyOn(tf.engine(), 'runKernel');
    const [kept, computed] = [part, again].map(f => {
      runKernel.mockClear();
      const { value, grads } = variableGradients(() => tf.sum(tf.square(f(x))) as tf.Scalar, [trained]);
      const wanted = runKernel.mock.calls
        .filter(([name]) => name === fusedKernel.linearGrad)
        .map(([, , attrs]) => (attrs as unknown as LinearGradAttrs).wanted);
      const gradient = grads[trained.name]!.dataSync();
      tf.dispose([value, grads]);
      return { wanted, gradient };
    });
    runKernel.mockRestore();
    expect(computed).toEqual(kept);
    expect(computed!.wanted).toEqual(['all', 'x', 'weights']);
    tf.dispose([x, frozen, trained]);
  });

  test('inside of another gradient free nothing that the outer one needs', () => {
    const w = filled([4], 1);
    const outer = tf.grad((x: tf.Tensor) => {
      const [dw] = gradientsOf(() => tf.square(tf.mul(w, x)), [w], tf.onesLike(w));
      return tf.add(tf.square(tf.mul(w, x)), dw!);
    });
    const x = tf.tensor1d([1, 2, 3, 4]);
    const result = tf.tidy(() => outer(x));
    // d/dx (Σ w²x² + Σ 2wx²) = 2w²x + 4wx
    const want = tf.tidy(() => tf.add(tf.mul(tf.mul(tf.square(w), x), 2), tf.mul(tf.mul(w, x), 4)));
    for (const [i, value] of want.dataSync().entries()) expect(result.dataSync()[i]).toBeCloseTo(value, 4);
    tf.dispose([w, x, result, want]);
  });
});
