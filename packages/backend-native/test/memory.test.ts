import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { prefixAttention } from '@simvlm/attention';
import { BackendError, Random } from '@simvlm/core';
import { crossEntropy, embedding, layerNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { type NativeBackendMemory, nativeBackend, registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

const memory = () => tf.memory() as unknown as NativeBackendMemory;
/** All that must be as before once everything is disposed. */
const inUse = () => {
  const { handles, bytes } = memory();
  return { handles, bytes, tensors: tf.memory().numTensors, dataIds: tf.engine().backend.numDataIds() };
};

/** Forward and backward through a small network of any shape: fused operations, convolutions and pooling. */
function trainOnce(batch: number, tokens: number, heads: number, depth: number, vocabulary: number): void {
  const width = heads * depth;
  tf.tidy(() => {
    const ids = tf.zeros([batch, tokens], 'int32');
    const lengths = tf.fill([batch], tokens, 'int32');
    const f = (table: tf.Tensor, gamma: tf.Tensor, w: tf.Tensor, filter: tf.Tensor) => {
      const image = tf.reshape(embedding(table, ids), [batch, tokens, heads, depth]) as tf.Tensor4D;
      const pooled = tf.maxPool(tf.conv2d(image, filter as tf.Tensor4D, 1, 'same'), 2, 1, 'same');
      const x = layerNorm(tf.reshape(pooled, [batch, tokens, width]), gamma, tf.zerosLike(gamma));
      const q = tf.reshape(linear(x, w, undefined, { activation: 'gelu' }), [batch, tokens, heads, depth]);
      const y = prefixAttention({ q, k: q, v: q, keyLengths: lengths, prefixLengths: tf.zerosLike(lengths) });
      const logits = linear(tf.reshape(y, [batch * tokens, width]), table, undefined, { transposeW: true });
      const labels = tf.reshape(ids, [-1]);
      return tf.mean(crossEntropy(logits, labels, tf.ones([batch * tokens]))) as tf.Scalar;
    };
    const { value, grads } = tf.valueAndGrads(f as (...xs: tf.Tensor[]) => tf.Scalar)([
      tf.fill([vocabulary, width], 0.1),
      tf.ones([width]),
      tf.fill([width, width], 0.1),
      tf.fill([3, 3, depth, depth], 0.1),
    ]);
    expect(value.dataSync()[0]).toBeGreaterThanOrEqual(0);
    expect(grads.length).toBe(4);
  });
}

/** Runs the garbage collector until `isDone`, for at most five seconds. */
async function collectUntil(isDone: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 100 && !isDone(); i++) {
    collect();
    await sleep(50);
  }
}

describeNative('memory', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
  });

  test('holds as many handles and bytes after five hundred steps of changing shapes as before', () => {
    const random = Random.fromSeed(7);
    const before = inUse();
    for (let i = 0; i < 500; i++) {
      const upTo = (most: number) => 1 + random.integer(most);
      trainOnce(upTo(5), upTo(17), upTo(3), upTo(9), upTo(40));
      expect(inUse(), `after step ${i}`).toEqual(before);
    }
  }, 300_000);

  test('of a tensor is given back when it is disposed, at once; a view keeps what it shows', () => {
    const before = inUse();
    const x = tf.fill([1000, 1000], 1);
    expect(memory().bytes - before.bytes).toBe(4_000_000);
    const views = [tf.reshape(x, [500, 2000]), tf.transpose(x), tf.slice(x, [5], [10])];
    expect(memory().bytes - before.bytes).toBe(4_000_000);
    x.dispose();
    expect(views[0]!.dataSync()[999_999]).toBe(1);
    expect(memory().bytes - before.bytes).toBe(4_000_000);
    tf.dispose(views);
    expect(inUse()).toEqual(before);
  });

  test('that tensors of one size leave in RAM serves those of every other', () => {
    const MIB = 2 ** 20;
    const total = 1024 * MIB;
    /** What the process has in RAM while so many tensors of one size take `total`. */
    const residentWith = (bytes: number) => {
      const tensors = Array.from({ length: Math.floor(total / bytes) }, () => tf.fill([bytes / 4], 1));
      const resident = process.memoryUsage.rss();
      tf.dispose(tensors);
      return resident;
    };
    const first = residentWith(4 * MIB);
    const others = [7, 1.5, 33, 2.25, 4].map(mebibytes => residentWith(mebibytes * MIB) - first);
    // A sixteenth waits at most, and the rest is that of other allocators.
    expect(Math.max(...others) / MIB).toBeLessThan(64 + 32);
    nativeBackend()!.addon.emptyCache();
    expect((process.memoryUsage.rss() - first) / MIB).toBeLessThan(-900);
  });

  test('is given back when an operator fails in the middle of a kernel', () => {
    const before = inUse();
    const x = tf.ones([4, 3]);
    const ids = tf.tensor2d([[7, 0]], [1, 2], 'int32');
    const held = inUse();
    for (let i = 0; i < 10; i++) {
      tf.tidy(() => {
        expect(() => tf.gather(x, tf.reshape(ids, [2]) as tf.Tensor1D)).toThrow(BackendError);
        expect(() => tf.gatherND(x, ids)).toThrow(BackendError);
        expect(() => tf.scatterND(ids, tf.ones([1]), [2, 2])).toThrow(BackendError);
      });
    }
    expect(inUse()).toEqual(held);
    tf.dispose([x, ids]);
    expect(inUse()).toEqual(before);
  });

  test('that runs out is a typed error with the sizes, and the backend goes on', async () => {
    const before = inUse();
    const attempt = () => tf.fill([2 ** 20, 2 ** 20], 1);
    expect(attempt).toThrow(BackendError);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'OUT_OF_MEMORY', message: expect.stringMatching(/^[^\n]*\d[^\n]*$/) }),
    );
    expect(inUse()).toEqual(before);
    const sum = tf.tidy(() => tf.sum(tf.fill([3], 2)));
    expect(await sum.data()).toEqual(Float32Array.of(6));
    sum.dispose();
  });

  test('of forgotten tensors is given back by the garbage collector', async () => {
    const before = inUse();
    const forget = () => {
      for (let i = 0; i < 20; i++) tf.reshape(tf.mul(tf.fill([250_000], i), 2), [500, 500]);
    };
    forget();
    expect(memory().bytes - before.bytes).toBeGreaterThanOrEqual(20 * 1_000_000);
    await collectUntil(() => memory().handles === before.handles);
    expect(memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
    expect(tf.engine().backend.numDataIds()).toBe(before.dataIds);
  });

  test('of disposed tensors is not given back a second time by the garbage collector', async () => {
    const kept = Array.from({ length: 100 }, (_, i) => tf.fill([3], i));
    const held = memory().handles;
    const disposeMany = () => {
      // New tensors may get the handles of disposed ones, which a second release would take away.
      for (let i = 0; i < 1000; i++) tf.fill([3], i).dispose();
    };
    disposeMany();
    let rounds = 0;
    await collectUntil(() => ++rounds > 5);
    expect(memory().handles).toBe(held);
    kept.forEach((tensor, i) => {
      expect([...tensor.dataSync()]).toEqual([i, i, i]);
    });
    tf.dispose(kept);
  });

  test('that was read is a copy: it stays as it was when the tensor is gone', async () => {
    const x = tf.fill([4], 3);
    const pending = x.data();
    const values = x.dataSync();
    x.dispose();
    tf.tidy(() => void tf.fill([4], 5));
    expect([...values]).toEqual([3, 3, 3, 3]);
    expect([...(await pending)]).toEqual([3, 3, 3, 3]);
  });

  test('is not touched by a list that is changed after a tensor was made of it', () => {
    const numbers = Float32Array.of(1, 2, 3);
    const x = tf.tensor1d(numbers);
    numbers.fill(9);
    expect([...x.dataSync()]).toEqual([1, 2, 3]);
    x.dispose();
  });

  test('moves between backends, also where views of one tensor have several shapes and types', async () => {
    const before = inUse();
    await tf.setBackend('cpu');
    const x = tf.tensor([1, 0, 3, 4], [2, 2], 'int32');
    const [flat, floats, flags] = [tf.reshape(x, [4]), tf.cast(x, 'float32'), tf.tensor([1, 0], [2], 'bool')];
    await tf.setBackend('native');
    const results = tf.tidy(() => [
      tf.add(flat, 1).arraySync(),
      tf.div(floats, 2).arraySync(),
      tf.logicalNot(flags).arraySync(),
    ]);
    expect(results).toEqual([
      [2, 1, 4, 5],
      [
        [0.5, 0],
        [1.5, 2],
      ],
      [0, 1],
    ]);
    const product = tf.matMul(floats as tf.Tensor2D, floats as tf.Tensor2D);
    await tf.setBackend('cpu');
    expect(tf.add(product, 1).arraySync()).toEqual([
      [2, 1],
      [16, 17],
    ]);
    await tf.setBackend('native');
    tf.dispose([x, flat, floats, flags, product]);
    expect(memory().handles).toBe(before.handles);
  });

  test('of complex numbers and of strings can be read', () => {
    const before = memory().handles;
    tf.tidy(() => {
      const z = tf.complex([1, 2], [3, -4]);
      expect([...tf.mul(z, z).dataSync()]).toEqual([-8, 6, -12, -16]);
      expect([
        ...tf.real(z).dataSync(),
        ...tf.imag(z).dataSync(),
        ...tf.abs(tf.slice(z, [1], [1])).dataSync(),
      ]).toEqual([1, 2, 3, -4, Math.fround(Math.sqrt(20))]);
      const words = tf.tensor(['a', 'bc'], [2], 'string');
      expect(tf.reshape(words, [1, 2]).arraySync()).toEqual([['a', 'bc']]);
      expect(() => tf.gatherND(words, [[0]])).toThrow(BackendError);
      expect(tf.concat([words, words]).dataSync()).toEqual(['a', 'bc', 'a', 'bc']);
    });
    expect(memory().handles).toBe(before);
  });

  test('tells tfjs what it must: 32 bits, its epsilon, the time', async () => {
    const backend = tf.engine().backend as tf.KernelBackend;
    expect([backend.floatPrecision(), backend.epsilon(), backend.timerAvailable()]).toEqual([32, 1e-7, true]);
    expect(memory().unreliable).toBe(false);
    const { kernelMs } = await tf.time(() =>
      tf.tidy(() => void tf.matMul(tf.ones([100, 100]), tf.ones([100, 100]))),
    );
    expect(kernelMs).toBeGreaterThan(0);
  });
});
