import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { nativeBackend, registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

/** What the conformance suite cannot hold against tfjs's CPU backend: it is random there, or wrong. */
describeNative('kernels where the CPU backend is no measure', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
  });

  test('multinomial draws the same from the same seed, as often as the probabilities say, each row for itself', () => {
    tf.tidy(() => {
      const logits = tf.log(
        tf.tensor2d([
          [0.1, 0.2, 0.3, 0.4],
          [1, 1e-30, 1e-30, 1e-30],
        ]),
      );
      const drawn = tf.multinomial(logits as tf.Tensor2D, 20_000, 11);
      expect(drawn.dtype).toBe('int32');
      expect(drawn.dataSync()).toEqual(tf.multinomial(logits as tf.Tensor2D, 20_000, 11).dataSync());
      expect(drawn.dataSync()).not.toEqual(tf.multinomial(logits as tf.Tensor2D, 20_000, 12).dataSync());
      const [row, certain] = drawn.arraySync() as [number[], number[]];
      const shares = [0, 1, 2, 3].map(event => row.filter(id => id === event).length / row.length);
      // Four standard deviations of the widest share.
      shares.forEach((share, event) => {
        expect(Math.abs(share - (event + 1) / 10)).toBeLessThan(0.014);
      });
      expect(new Set(certain)).toEqual(new Set([0]));
      const twins = tf.multinomial(tf.zeros([2, 1000]) as tf.Tensor2D, 8, 3).arraySync() as number[][];
      expect(twins[0]).not.toEqual(twins[1]);
    });
  });

  test('multinomial of probabilities never leaves the events, however they are rounded', () => {
    tf.tidy(() => {
      const drawn = tf.multinomial(tf.fill([1, 3], 0.3) as tf.Tensor2D, 1000, 5, true).dataSync();
      expect(Math.min(...drawn)).toBe(0);
      expect(Math.max(...drawn)).toBe(2);
    });
  });

  test('what runs on the host leaves nothing behind, whether it fails or not', () => {
    const x = tf.tensor1d(['a b', 'c']);
    const handles = () => [
      tf.memory().numTensors,
      tf.memory().numDataBuffers,
      nativeBackend()!.memory().handles,
    ];
    const before = handles();
    for (let i = 0; i < 3; i++) {
      tf.tidy(() => {
        const { indices, values, shape } = tf.string.stringSplit(x, ' ') as Record<string, tf.Tensor1D>;
        expect([...indices!.dataSync(), ...shape!.dataSync()]).toEqual([0, 0, 0, 1, 1, 0, 2, 2]);
        expect(values!.dataSync()).toEqual(['a', 'b', 'c']);
        expect(tf.concat([x, values!]).dataSync()).toEqual(['a b', 'c', 'a', 'b', 'c']);
        expect(() =>
          tf.raggedTensorToTensor([3], tf.ones([1]), 0, [tf.zeros([9])], ['ROW_SPLITS']),
        ).toThrow();
      });
    }
    expect(handles()).toEqual(before);
    x.dispose();
  });

  test('a product repeats the batches of both operands', () => {
    tf.tidy(() => {
      const [a, b] = [tf.reshape(tf.range(1, 3), [2, 1, 1, 1]), tf.reshape(tf.range(10, 13), [1, 3, 1, 1])];
      const c = tf.matMul(a, b);
      expect(c.shape).toEqual([2, 3, 1, 1]);
      expect([...c.dataSync()]).toEqual([10, 11, 12, 20, 22, 24]);
    });
  });

  test('tensorScatterUpdate leaves its input as it is', () => {
    tf.tidy(() => {
      const x = tf.zeros([3]);
      const y = tf.tensorScatterUpdate(x, tf.tensor2d([[1]], [1, 1], 'int32'), tf.tensor1d([5]));
      expect([...y.dataSync(), ...x.dataSync()]).toEqual([0, 5, 0, 0, 0, 0]);
    });
  });

  test.each([
    ['resizeBilinear', false, false],
    ['resizeBilinear', true, false],
    ['resizeBilinear', false, true],
    ['resizeNearestNeighbor', false, false],
    ['resizeNearestNeighbor', true, false],
    ['resizeNearestNeighbor', false, true],
  ] as const)(
    'the gradient of %s (corners %s, centres %s) is a finite difference',
    (name, corners, centres) => {
      const shape: [number, number, number, number] = [2, 3, 5, 2];
      const resize = (x: tf.Tensor): tf.Tensor => tf.image[name](x as tf.Tensor4D, [7, 4], corners, centres);
      tf.tidy(() => {
        const weights = tf.reshape(tf.sin(tf.range(0, 2 * 7 * 4 * 2)), [2, 7, 4, 2]);
        const gradient = tf
          .grad(x => tf.sum(tf.mul(resize(x), weights)))(tf.zeros(shape))
          .dataSync();
        // Linear in the pixels: one pixel at a time gives the difference exactly.
        for (let i = 0; i < gradient.length; i++) {
          const pixel = new Float32Array(gradient.length);
          pixel[i] = 1;
          const difference = tf.tidy(
            () => tf.sum(tf.mul(resize(tf.tensor4d(pixel, shape)), weights)).dataSync()[0]!,
          );
          expect(Math.abs(gradient[i]! - difference)).toBeLessThan(1e-5);
        }
      });
    },
  );

  test('a batched gather passes no index on to the next batch', () => {
    tf.tidy(() => {
      const x = tf.reshape(tf.range(0, 6), [2, 3]);
      const ids = tf.tensor2d(
        [
          [2, 0],
          [1, 2],
        ],
        [2, 2],
        'int32',
      );
      expect(tf.gather(x, ids as unknown as tf.Tensor1D, 1, 1).arraySync()).toEqual([
        [2, 0],
        [4, 5],
      ]);
    });
  });
});
