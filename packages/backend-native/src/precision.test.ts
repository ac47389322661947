import { prefixAttention } from '@simvlm/attention';
import { Random } from '@simvlm/core';
import { adamwStep, crossEntropy, embedding, layerNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { describeNative } from '../test/libtorch';
import { scalarType } from './addon/interface';
import type { NativeBackend } from './backend';
import { registerNativeBackend } from './index';
import { type Precision, precisionOf, usePrecision } from './precision';

/** Half a unit in the last place of bfloat16, relative: it has eight significant bits. */
const ROUNDING = 2 ** -8;

const [ROWS, TOKENS, WIDTH, HEADS, VOCABULARY] = [4, 6, 16, 2, 11];
const attrs = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, learningRate: 0.01 };

/** A decoder of one block that learns to say the token after the next; losses of its steps. */
function train(steps: number): number[] {
  const random = Random.fromSeed(3);
  const draw = (...shape: number[]) => {
    const size = shape.reduce((a, c) => a * c, 1);
    return tf.tensor(
      Float32Array.from({ length: size }, () => random.normal() * 0.2),
      shape,
    );
  };
  const table = Int32Array.from({ length: ROWS * TOKENS }, () => random.integer(VOCABULARY));
  const ids = tf.tensor(table, [ROWS, TOKENS], 'int32');
  const labels = tf.tensor1d(
    table.map(id => (3 * id + 1) % VOCABULARY),
    'int32',
  );
  const lengths = tf.fill([ROWS], TOKENS, 'int32');
  const none = tf.zeros([ROWS], 'int32');
  let params = [
    draw(VOCABULARY, WIDTH),
    draw(WIDTH, WIDTH),
    draw(WIDTH, 2 * WIDTH),
    draw(2 * WIDTH, WIDTH),
    tf.ones([WIDTH]),
  ];
  let moments = params.map(p => ({ m: tf.zerosLike(p), v: tf.zerosLike(p) }));
  const loss = (...[words, query, up, down, gamma]: tf.Tensor[]): tf.Scalar => {
    const x = embedding(words!, ids);
    const q = linear(layerNorm(x, gamma!, tf.zerosLike(gamma!)), query!).reshape([
      ROWS,
      TOKENS,
      HEADS,
      WIDTH / HEADS,
    ]);
    const mixed = prefixAttention({ q, k: q, v: q, keyLengths: lengths, prefixLengths: none });
    const h = tf.add(x, mixed.reshape(x.shape));
    const wide = linear(h, up!, undefined, { activation: 'gelu' });
    const out = tf.add(h, linear(wide, down!)).reshape([ROWS * TOKENS, WIDTH]);
    const logits = linear(out, words!, undefined, { transposeW: true });
    return crossEntropy(logits, labels, tf.ones([ROWS * TOKENS])).mean() as tf.Scalar;
  };
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const { value, grads } = tf.valueAndGrads(loss)(params);
    losses.push(value.dataSync()[0]!);
    const next = params.map((param, i) =>
      adamwStep({ param, grad: grads[i]!, ...moments[i]!, gradScale: tf.scalar(1) }, { ...attrs, step }),
    );
    tf.dispose([params, moments, grads, value]);
    params = next.map(([p]) => p);
    moments = next.map(([, m, v]) => ({ m, v }));
  }
  return losses;
}

describeNative('precision', () => {
  let backend: NativeBackend;
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 2 });
    await tf.setBackend('native');
    backend = tf.backend() as NativeBackend;
  });
  afterEach(() => usePrecision(backend, 'float32'));

  const trainWith = (precision: Precision): number[] => {
    usePrecision(backend, precision);
    return tf.tidy(() => train(40));
  };

  test('of bfloat16 trains as float32 does', () => {
    const [exact, rounded] = [trainWith('float32'), trainWith('bfloat16')];
    expect(exact.at(-1)).toBeLessThan(exact[0]! / 3);
    exact.forEach((loss, i) => {
      expect(Math.abs(rounded[i]! - loss), `step ${i}`).toBeLessThan(8 * ROUNDING * (1 + loss));
    });
    expect(rounded).not.toEqual(exact);
  });

  test('of bfloat16 rounds products, and reads as float32', async () => {
    const [x, w] = [
      tf.randomNormal([32, 64], 0, 1, 'float32', 1),
      tf.randomNormal([64, 32], 0, 1, 'float32', 2),
    ];
    const exact = linear(x, w);
    usePrecision(backend, 'bfloat16');
    const rounded = linear(x, w);
    expect(backend.addon.dtype(backend.data.get(rounded.dataId).handle)).toBe(scalarType.bfloat16);
    expect(rounded.dtype).toBe('float32');
    const [want, sync, later] = [exact.dataSync(), rounded.dataSync(), await rounded.data()];
    expect(later).toEqual(sync);
    // Two numbers of each product are rounded, and their sum: never by more than this.
    const sizes = tf.tidy(() => tf.matMul(x.abs(), w.abs() as tf.Tensor2D).dataSync());
    let squares = 0;
    sync.forEach((y, i) => {
      const error = Math.abs(y - want[i]!);
      expect(error).toBeLessThan(ROUNDING * (2.1 * sizes[i]! + Math.abs(want[i]!)));
      squares += error ** 2;
    });
    // And on the whole much less: errors of 64 products cancel.
    expect(Math.sqrt(squares / sync.length)).toBeLessThan(ROUNDING * Math.sqrt(64));
    expect(sync).not.toEqual(want);
    const sum = rounded.add(x.slice([0, 0], [32, 32]));
    expect(backend.addon.dtype(backend.data.get(sum.dataId).handle)).toBe(scalarType.float32);
    tf.dispose([x, w, exact, rounded, sum]);
  });

  test.each([
    ['a convolution', 'same', [3, 3, 4, 8], 2],
    ['one of single pixels', 'valid', [1, 1, 4, 8], 1],
  ] as const)('of bfloat16 rounds %s and its gradients', (_, pad, filterShape, stride) => {
    const x = tf.randomNormal<tf.Rank.R4>([2, 7, 6, 4], 0, 1, 'float32', 1);
    const filter = tf.randomNormal<tf.Rank.R4>([...filterShape], 0, 1, 'float32', 2);
    const run = (precision: Precision) => {
      usePrecision(backend, precision);
      const f = (a: tf.Tensor, w: tf.Tensor) =>
        tf
          .conv2d(a as tf.Tensor4D, w as tf.Tensor4D, stride, pad)
          .mul(3)
          .sum() as tf.Scalar;
      const [dx, dw] = tf.grads(f)([x, filter]) as [tf.Tensor, tf.Tensor];
      const y = tf.conv2d(x, filter, stride, pad);
      const isNarrow = backend.addon.dtype(backend.data.get(y.dataId).handle) === scalarType.bfloat16;
      return { isNarrow, numbers: [y, dx, dw].map(tensor => [...tensor.dataSync()]) };
    };
    tf.tidy(() => {
      const [exact, rounded] = [run('float32'), run('bfloat16')];
      expect([exact.isNarrow, rounded.isNarrow]).toEqual([false, true]);
      exact.numbers.forEach((want, i) => {
        const got = rounded.numbers[i]!;
        const scale = Math.max(...want.map(Math.abs));
        expect(Math.max(...want.map((v, j) => Math.abs(v - got[j]!)))).toBeLessThan(2 * ROUNDING * scale);
      });
      expect(rounded.numbers).not.toEqual(exact.numbers);
    });
    tf.dispose([x, filter]);
  });

  test('of bfloat16 copies a weight once, anew when it is replaced, and frees the copies', () => {
    const handles = () => backend.addon.memory().handles;
    const x = tf.ones([2, 4]);
    const w = tf.tidy(() => tf.variable(tf.ones([4, 3])));
    const before = handles();
    usePrecision(backend, 'bfloat16');
    const use = () => tf.tidy(() => linear(x, w).dataSync()[0]);
    expect(use()).toBe(4);
    expect(use()).toBe(4);
    expect(handles()).toBe(before + 1);
    tf.tidy(() => w.assign(tf.fill([4, 3], 2)));
    expect(use()).toBe(8);
    expect(handles()).toBe(before + 1);
    usePrecision(backend, 'float32');
    expect(handles()).toBe(before);
    expect(precisionOf(backend)).toBe('float32');
    tf.dispose([x, w]);
  });

  test('is an option of the backend', async () => {
    expect((await registerNativeBackend({ precision: 'bfloat16' })).precision).toBe('bfloat16');
    expect((await registerNativeBackend()).precision).toBe('bfloat16');
    expect((await registerNativeBackend({ precision: 'float32' })).precision).toBe('float32');
    await expect(registerNativeBackend({ precision: 'float16' as Precision })).rejects.toThrow(
      "precision is 'float16'; it must be 'float32' or 'bfloat16'",
    );
  });
});
