import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test } from 'vitest';
import { registerWasmBackend } from '../src/index';

afterEach(async () => {
  await tf.setBackend('cpu');
  if (tf.findBackendFactory('wasm') !== null) tf.removeBackend('wasm');
});

describe('registering the backend', () => {
  test.each([0, -1, 1.5, 65, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d threads in one line',
    async threads => {
      const attempt = registerWasmBackend({ threads });
      await expect(attempt).rejects.toBeInstanceOf(BackendError);
      await expect(attempt).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: `threads is ${threads}; it must be an integer from 1 to 64`,
      });
      expect(tf.findBackendFactory('wasm')).toBeNull();
    },
  );

  test("refuses a name that another package has taken, and leaves that package's backend alone", async () => {
    const CpuBackend = tf.findBackend('cpu').constructor as new () => tf.KernelBackend;
    const theirs = new CpuBackend();
    tf.registerBackend('wasm', () => theirs);
    const attempt = registerWasmBackend();
    await expect(attempt).rejects.toBeInstanceOf(BackendError);
    await expect(attempt).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/^another package has registered the backend 'wasm'[^\n]+$/),
    });
    expect(tf.findBackend('wasm')).toBe(theirs);
  });

  test('refuses a name that another package has taken without starting its backend', async () => {
    let started = false;
    tf.registerBackend('wasm', () => {
      started = true;
      throw new Error('started');
    });
    await expect(registerWasmBackend()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(started).toBe(false);
  });

  test('tells threads and memory, and does not switch to the backend by itself', async () => {
    const info = await registerWasmBackend({ threads: 2 });
    expect(info).toMatchObject({ threads: 2, simd: true, memory: { bytesInUse: 0 } });
    expect(info.memory.bytesReserved).toBeGreaterThan(0);
    expect(tf.getBackend()).toBe('cpu');
    expect(await tf.setBackend('wasm')).toBe(true);
    expect(tf.getBackend()).toBe('wasm');
  });

  test('a second time gives the same backend', async () => {
    await registerWasmBackend({ threads: 1 });
    const first = tf.findBackend('wasm');
    expect(await registerWasmBackend({ threads: 3 })).toMatchObject({ threads: 1 });
    expect(tf.findBackend('wasm')).toBe(first);
  });

  test('twice at once gives one backend', async () => {
    const [one, two] = await Promise.all([
      registerWasmBackend({ threads: 1 }),
      registerWasmBackend({ threads: 2 }),
    ]);
    expect([one.threads, two.threads]).toEqual([1, 1]);
    await tf.setBackend('wasm');
    expect(await tf.add([1, 2], 1).data()).toEqual(Float32Array.of(2, 3));
  });

  test('by default takes one to four threads', async () => {
    const { threads } = await registerWasmBackend();
    expect(threads).toBeGreaterThanOrEqual(1);
    expect(threads).toBeLessThanOrEqual(4);
  });

  test('after it was removed works again, with other threads', async () => {
    await registerWasmBackend({ threads: 1 });
    tf.removeBackend('wasm');
    expect(await registerWasmBackend({ threads: 2 })).toMatchObject({ threads: 2 });
    await tf.setBackend('wasm');
    expect(await tf.matMul([[1, 2]], [[3], [4]]).data()).toEqual(Float32Array.of(11));
  });
});
