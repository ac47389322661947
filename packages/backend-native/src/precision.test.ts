import { prefixAttention } from '@simvlm/attention';
import { type Precision, Random } from '@simvlm/core';
import { adamwStep, crossEntropy, embedding, layerNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeNative } from '../test/libtorch';
import { type Bilinear, expectRounded, ROUNDOFF, sumsOf, toBfloat16 } from '../test/rounding';
import { scalarType } from './addon/interface';
import type { NativeBackend } from './backend';
import { registerNativeBackend } from './index';
import { precisionOf, usePrecision } from './precision';
import { precisionOfImages, precisionOfProducts, warnOfNarrowSums } from './sums';

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
    const q = tf.reshape(linear(layerNorm(x, gamma!, tf.zerosLike(gamma!)), query!), [
      ROWS,
      TOKENS,
      HEADS,
      WIDTH / HEADS,
    ]);
    const mixed = prefixAttention({ q, k: q, v: q, keyLengths: lengths, prefixLengths: none });
    const h = tf.add(x, tf.reshape(mixed, x.shape));
    const wide = linear(h, up!, undefined, { activation: 'gelu' });
    const out = tf.reshape(tf.add(h, linear(wide, down!)), [ROWS * TOKENS, WIDTH]);
    const logits = linear(out, words!, undefined, { transposeW: true });
    return tf.mean(crossEntropy(logits, labels, tf.ones([ROWS * TOKENS]))) as tf.Scalar;
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
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
    backend = tf.backend() as NativeBackend;
  });
  afterEach(() => usePrecision(backend, 'float32'));

  /** Runs `f` on numbers rounded to bfloat16. */
  const rounded = (f: Bilinear, x: tf.Tensor, y: tf.Tensor) => {
    usePrecision(backend, 'bfloat16');
    const numbers = tf.tidy(() => f(x, y).dataSync());
    usePrecision(backend, 'float32');
    return numbers;
  };
  const normal = <R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number) =>
    tf.randomNormal<R>(shape, 0, 1, 'float32', seed);

  // Without oneDNN libtorch computes bfloat16 as on a processor without AVX-512.
  describe.each([
    ['with oneDNN', true],
    ['without oneDNN', false],
  ])('%s', (_, oneDnn) => {
    let products: Precision;
    let images: Precision;
    beforeAll(() => {
      backend.addon.setOneDnn(oneDnn);
      [products, images] = [precisionOfProducts(backend), precisionOfImages(backend)];
    });
    afterAll(() => backend.addon.setOneDnn(true));

    test('of bfloat16 trains as float32 does', () => {
      const trainWith = (precision: Precision): number[] => {
        usePrecision(backend, precision);
        return tf.tidy(() => train(40));
      };
      const [exact, narrow] = [trainWith('float32'), trainWith('bfloat16')];
      expect(exact.at(-1)).toBeLessThan(exact[0]! / 3);
      exact.forEach((loss, i) => {
        expect(Math.abs(narrow[i]! - loss), `step ${i}`).toBeLessThan(8 * ROUNDOFF * (1 + loss));
      });
      expect(narrow).not.toEqual(exact);
    });

    // libtorch 1.13 does not ask oneDNN for a product as small as the last one.
    test.each([
      [32, 64, 32],
      [40, 300, 24],
      [3, 400, 3],
    ])('of bfloat16 rounds products of %i × %i × %i', (rows, inner, columns) => {
      const [x, w] = [normal([rows, inner], 1), normal([inner, columns], 2)];
      const product: Bilinear = (a, b) => linear(a, b);
      const sums = rows * inner * columns <= 16 ** 3 ? precisionOfProducts(backend, 3) : products;
      const parts = sums === 'float32' ? 1 : inner;
      expectRounded(rounded(product, x, w), sumsOf(product, x, w, inner), parts);
      tf.dispose([x, w]);
    });

    test.each([
      ['a convolution', 'same', [3, 3, 4, 8], 2],
      ['one of single pixels', 'valid', [1, 1, 4, 8], 1],
    ] as const)('of bfloat16 rounds %s and its gradients', (_, pad, filterShape, stride) => {
      const [x, filter] = [normal<tf.Rank.R4>([2, 7, 6, 4], 1), normal<tf.Rank.R4>([...filterShape], 2)];
      const conv: Bilinear = (a, w) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
      const dy = tf.tidy(() =>
        normal<tf.Rank.R4>(conv(x, filter).shape as [number, number, number, number], 3),
      );
      const [height, width, channels, outputs] = filterShape;
      const byInput: Bilinear = (d, w) => tf.grad(a => conv(a, w))(x, d);
      const byFilter: Bilinear = (d, a) => tf.grad(w => conv(a, w))(filter, d);
      const places = height * width;
      const cases: [f: Bilinear, tf.Tensor, tf.Tensor, terms: number, parts: number][] = [
        [conv, x, filter, places * channels, 1],
        [byInput, dy, filter, places * outputs, places],
        [byFilter, dy, x, dy.size / outputs, x.shape[0]],
      ];
      for (const [f, a, b, terms, parts] of cases) {
        const made = products === 'bfloat16' ? terms : images === 'bfloat16' ? parts : 1;
        expectRounded(rounded(f, a, b), sumsOf(f, a, b, terms), made);
      }
      tf.dispose([x, filter, dy]);
    });

    test('sums that are not in float32 round each product and each addition', context => {
      if (precisionOfProducts(backend, 3) === 'float32') context.skip('this libtorch sums in float32');
      const [x, w] = [normal<tf.Rank.R2>([3, 400], 1), normal<tf.Rank.R2>([400, 3], 2)];
      const [a, b] = [x.arraySync(), w.arraySync()];
      const expected = [0, 1, 2].flatMap(i =>
        [0, 1, 2].map(j =>
          b.reduce(
            (sum, row, l) => toBfloat16(sum + toBfloat16(toBfloat16(a[i]![l]!) * toBfloat16(row[j]!))),
            0,
          ),
        ),
      );
      expect([...rounded((a, b) => linear(a, b), x, w)]).toEqual(expected);
      tf.dispose([x, w]);
    });

    test('of bfloat16 warns, once, where sums are in bfloat16', () => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const another = Object.create(backend) as NativeBackend;
      for (const _ of [1, 2]) warnOfNarrowSums(another);
      const what = products === 'bfloat16' ? 'products' : 'gradients of convolutions';
      const message = expect.stringMatching(`sums ${what} in bfloat16.*Use precision 'float32'`);
      const options = { type: 'PrecisionWarning', code: 'SIMVLM_BFLOAT16_SUMS' };
      const isExact = products === 'float32' && images === 'float32';
      expect(warn.mock.calls).toEqual(isExact ? [] : [[message, options]]);
      warn.mockRestore();
    });
  });

  test('of bfloat16 stores products so, and reads as float32', async () => {
    const [x, w] = [normal<tf.Rank.R2>([32, 64], 1), normal<tf.Rank.R2>([64, 32], 2)];
    usePrecision(backend, 'bfloat16');
    const [product, convolved] = [
      linear(x, w),
      tf.conv2d(
        tf.reshape(x, [1, 4, 8, 64]) as tf.Tensor4D,
        tf.reshape(w, [1, 1, 64, 32]) as tf.Tensor4D,
        1,
        'same',
      ),
    ];
    const isNarrow = (tensor: tf.Tensor) =>
      backend.addon.dtype(backend.data.get(tensor.dataId).handle) === scalarType.bfloat16;
    expect([product, convolved].map(isNarrow)).toEqual([true, true]);
    expect(product.dtype).toBe('float32');
    expect(await product.data()).toEqual(product.dataSync());
    const sum = tf.add(product, tf.slice(x, [0, 0], [32, 32]));
    expect(isNarrow(sum)).toBe(false);
    tf.dispose([x, w, product, convolved, sum]);
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

  test.each(['gelu', 'gelu-erf', 'quick-gelu'] as const)(
    'of bfloat16 has %s and its gradient',
    activation => {
      const [x, w] = [normal([16, 24], 1), normal([24, 8], 2)];
      const numbers = (precision: Precision) => {
        usePrecision(backend, precision);
        const f = (by: tf.Tensor) => tf.sum(linear(x, by, undefined, { activation })) as tf.Scalar;
        return tf.tidy(() => [linear(x, w, undefined, { activation }), tf.grad(f)(w)].map(t => t.dataSync()));
      };
      const [exact, narrow] = [numbers('float32'), numbers('bfloat16')];
      exact.forEach((all, i) => {
        const largest = Math.max(...all.map(Math.abs));
        all.forEach((v, j) => {
          expect(Math.abs(narrow[i]![j]! - v)).toBeLessThan(4 * ROUNDOFF * largest);
        });
      });
      expect(narrow).not.toEqual(exact);
      tf.dispose([x, w]);
    },
  );
});
