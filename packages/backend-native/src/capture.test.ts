import { KvCache } from '@simvlm/attention';
import { BackendError, ShapeError } from '@simvlm/core';
import { adamwInPlace, adamwStep, captureStep, clipScale, globalNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { describeNative } from '../test/libtorch';
import { CaptureError } from './capture';
import { registerNativeBackend } from './index';

const rates = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };

function variable(values: number[], shape = [values.length]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}

/** A regression with one weight matrix, trained by AdamW whose learning rate and step count are tensors. */
function regression() {
  const inputs = {
    x: tf.ones([4, 3]),
    target: tf.zeros([4, 2]),
    learningRate: tf.scalar(0),
    step: tf.scalar(0),
  };
  const w = variable([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [3, 2]);
  const [m, v] = [tf.zeros([3, 2]), tf.zeros([3, 2])];
  const step = () => {
    const { value: loss, grads } = tf.variableGrads(
      () => tf.mean(tf.square(tf.sub(linear(inputs.x, w), inputs.target))) as tf.Scalar,
      [w],
    );
    const g = grads[w.name]!;
    const gradScale = clipScale(globalNorm([g]), 0.05);
    adamwInPlace(
      { params: [w], grads: [g], m: [m], v: [v] },
      { gradScale, learningRate: inputs.learningRate, step: inputs.step },
      { ...rates, weightDecays: [0.1] },
    );
    return { loss };
  };
  return { inputs, w, m, v, step, dispose: () => tf.dispose([inputs, w, m, v]) };
}

/** The same with new tensors, and numbers of the host. */
function reference(batches: readonly { x: number[]; target: number[]; learningRate: number }[]) {
  return tf.tidy(() => {
    let [w, m, v] = [
      tf.tensor2d([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [3, 2]),
      tf.zeros([3, 2]),
      tf.zeros([3, 2]),
    ];
    const losses: number[] = [];
    for (const [i, { x, target, learningRate }] of batches.entries()) {
      const f = (weights: tf.Tensor) =>
        tf.mean(
          tf.square(tf.sub(linear(tf.tensor2d(x, [4, 3]), weights), tf.tensor2d(target, [4, 2]))),
        ) as tf.Scalar;
      const { value, grad } = tf.valueAndGrad(f)(w);
      losses.push(value.dataSync()[0]!);
      const gradScale = clipScale(globalNorm([grad]), 0.05);
      const attrs = { ...rates, weightDecay: 0.1, learningRate, step: i + 1 };
      [w, m, v] = adamwStep({ param: w, grad, m, v, gradScale }, attrs) as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
    }
    return { losses, w: [...w.dataSync()] };
  });
}

const batches = Array.from({ length: 6 }, (_, i) => ({
  x: Array.from({ length: 12 }, (_, j) => Math.sin(i + 3 * j)),
  target: Array.from({ length: 8 }, (_, j) => Math.cos(2 * i + j)),
  learningRate: 0.1 / (i + 1),
}));

describeNative('captured steps', () => {
  let before: number;
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 2 });
    await tf.setBackend('native');
  });
  afterEach(() => {
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  });

  test('train as steps that make new tensors do', () => {
    before = tf.memory().numTensors;
    const { inputs, w, step, dispose } = regression();
    const captured = captureStep({ inputs, step });
    const outputs = new Set<unknown>();
    const losses = batches.map(({ x, target, learningRate }, i) => {
      captured.write('x', x);
      captured.write('target', target);
      captured.write('learningRate', [learningRate]);
      captured.write('step', [i + 1]);
      const { loss } = captured.run();
      outputs.add(loss.dataId);
      return loss.dataSync()[0]!;
    });
    const want = reference(batches);
    expect(losses.map((loss, i) => Math.abs(loss - want.losses[i]!) < 1e-6)).toEqual(losses.map(() => true));
    w.dataSync().forEach((x, i) => {
      expect(x).toBeCloseTo(want.w[i]!, 5);
    });
    expect(outputs.size, 'outputs stay where they are').toBe(1);
    captured.dispose();
    dispose();
  });

  test('overwrite the parameters of adamwStep, whose callers replace them', () => {
    before = tf.memory().numTensors;
    const w = variable([1, 2]);
    let [m, v]: tf.Tensor[] = [tf.zeros([2]), tf.zeros([2])];
    const inputs = { grad: tf.tensor1d([0.5, -0.5]) };
    const captured = captureStep({
      inputs,
      step: () => {
        const attrs = { ...rates, weightDecay: 0, learningRate: 0.1, step: 1 };
        const [next, nextM, nextV] = adamwStep(
          { param: w, grad: inputs.grad, m: m!, v: v!, gradScale: tf.scalar(1) },
          attrs,
        );
        w.assign(next);
        tf.dispose([m!, v!]);
        [m, v] = [tf.keep(nextM), tf.keep(nextV)];
        return { sum: tf.sum(w) };
      },
    });
    const { dataId } = w;
    for (let i = 0; i < 4; i++) captured.run();
    expect(w.dataId).toBe(dataId);
    expect(w.dataSync()[0]).toBeLessThan(0.7);
    captured.dispose();
    tf.dispose([w, m, v, inputs]);
  });

  test('write to a cache in place', () => {
    before = tf.memory().numTensors;
    const cache = new KvCache({ batch: 2, capacity: 3, heads: 1, depth: 2 });
    const { dataId } = cache.k;
    const inputs = { k: tf.zeros([2, 1, 1, 2]) as tf.Tensor4D, positions: tf.tensor1d([0, 0], 'int32') };
    const captured = captureStep({
      inputs,
      step: () => {
        cache.write(inputs.k, inputs.k, inputs.positions);
        return { sum: tf.sum(cache.k, [1, 2, 3]) };
      },
    });
    const sums = [0, 1, 2, 3].map(i => {
      captured.write('k', [i + 1, i + 1, 1, 1]);
      // Row 1 runs out of its cache before row 0.
      captured.write('positions', [i, i + 1]);
      return [...captured.run().sum.dataSync()];
    });
    expect(sums).toEqual([
      [2, 2],
      [6, 4],
      [12, 4],
      [12, 4],
    ]);
    expect(cache.k.dataId).toBe(dataId);
    captured.dispose();
    cache.dispose();
    tf.dispose(inputs);
  });

  test('move the rows of a cache in place, where other recordings read them', () => {
    before = tf.memory().numTensors;
    const cache = new KvCache({ batch: 3, capacity: 1, heads: 1, depth: 1 });
    const { dataId } = cache.k;
    const inputs = { rows: tf.tensor1d([0, 1, 2], 'int32') };
    const write = { k: tf.zeros([3, 1, 1, 1]) as tf.Tensor4D, positions: tf.tensor1d([0, 0, 0], 'int32') };
    const written = captureStep({
      inputs: write,
      step: () => {
        cache.write(write.k, write.k, write.positions);
        return { k: tf.reshape(cache.k, [-1]), v: tf.reshape(cache.v, [-1]) };
      },
    });
    const moved = captureStep({
      inputs,
      step: ({ rows }) => {
        cache.reorder(rows);
        return {};
      },
    });
    const read = captureStep({
      inputs: {},
      step: () => ({ k: tf.reshape(cache.k, [-1]), v: tf.reshape(cache.v, [-1]) }),
    });
    for (const [i, rows] of [
      [2, 0, 1],
      [1, 1, 0],
      [0, 2, 2],
    ].entries()) {
      const numbers = [10 * i, 10 * i + 1, 10 * i + 2];
      written.write('k', numbers);
      expect([...written.run().k.dataSync()]).toEqual(numbers);
      moved.write('rows', rows);
      moved.run();
      const { k, v } = read.run();
      for (const tensor of [k, v]) expect([...tensor.dataSync()]).toEqual(rows.map(row => numbers[row]));
    }
    expect(cache.k.dataId).toBe(dataId);
    for (const step of [written, moved, read]) step.dispose();
    cache.dispose();
    tf.dispose([inputs, write]);
  });

  test.each([
    ['reads a tensor back', (x: tf.Tensor) => void tf.sum(x).dataSync()],
    [
      'reads a tensor back',
      (x: tf.Tensor) =>
        void tf
          .sum(x)
          .data()
          .catch(() => undefined),
    ],
    [
      'reads a tensor back',
      (x: tf.Tensor) =>
        void tf.dilation2d(tf.reshape(x, [1, 1, 2, 1]) as tf.Tensor4D, tf.zeros([1, 1, 1]), 1, 'valid'),
    ],
    ['uploads new data', (x: tf.Tensor) => void tf.add(x, tf.tensor1d([1, 2]))],
  ])('that a rule forbids are refused: the step %s', (rule, use) => {
    before = tf.memory().numTensors;
    const inputs = { x: tf.tensor1d([1, 2]) };
    const captured = captureStep({
      inputs,
      step: () => {
        use(inputs.x);
        return { y: tf.mul(inputs.x, 2) };
      },
    });
    expect(() => captured.run()).toThrow(CaptureError);
    expect(() => captured.run()).toThrow(BackendError);
    expect(() => captured.run()).toThrow(new RegExp(`^captureStep: the step ${rule}; [^\\n]+$`));
    // The backend goes on.
    expect(tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync()[1])).toBe(3);
    captured.dispose();
    tf.dispose(inputs);
  });

  test('may use numbers of their own', () => {
    before = tf.memory().numTensors;
    const inputs = { x: tf.tensor1d([1, 2]) };
    const captured = captureStep({
      inputs,
      step: () => ({ y: tf.concat([inputs.x, tf.tensor1d([7])]) }),
    });
    captured.run();
    expect([...captured.run().y.dataSync()]).toEqual([1, 2, 7]);
    captured.dispose();
    tf.dispose(inputs);
  });

  test('that give a variable new memory are refused', () => {
    before = tf.memory().numTensors;
    const w = variable([1, 2]);
    const captured = captureStep({
      inputs: {},
      step: () => {
        w.assign(tf.mul(w, 2));
        return { y: tf.sum(w) };
      },
    });
    expect(() => captured.run()).toThrow(/^captureStep: the step gave the variable '[^']+' new memory; /);
    captured.dispose();
    w.dispose();
  });

  test('have inputs of fixed names and sizes', () => {
    before = tf.memory().numTensors;
    const inputs = { x: tf.tensor1d([1, 2]) };
    const captured = captureStep({ inputs, step: () => ({ y: tf.mul(inputs.x, 2) }) });
    expect(() => captured.write('y', [1])).toThrow(ShapeError);
    expect(() => captured.write('x', [1])).toThrow("captureStep: input 'x' has 2 numbers, got 1");
    captured.dispose();
    tf.dispose(inputs);
  });
});
