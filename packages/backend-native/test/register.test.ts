import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

afterEach(async () => {
  await tf.setBackend('cpu');
  if (tf.findBackendFactory('native') !== null) tf.removeBackend('native');
});

describe('options', () => {
  test.each([0, -1, 1.5, 1025, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuse %d threads in one line',
    async threads => {
      const attempt = registerNativeBackend({ threads });
      await expect(attempt).rejects.toBeInstanceOf(BackendError);
      await expect(attempt).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: `threads is ${threads}; it must be an integer from 1 to 1024`,
      });
      expect(tf.findBackendFactory('native')).toBeNull();
    },
  );

  test.each(['gpu', 'cuda:', 'cuda:-1', ''])("refuse the device '%s'", async device => {
    await expect(registerNativeBackend({ device: device as 'cpu' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: `device is '${device}'; it must be 'cpu', 'cuda' or 'cuda:N'`,
    });
  });
});

describeNative('registering the backend', () => {
  test('refuses a device that is not there, and says why', async () => {
    await expect(registerNativeBackend({ device: 'cuda:99' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/^device 'cuda:99' cannot be used: [^\n]+; use device 'cpu'$/),
    });
    expect(tf.findBackendFactory('native')).toBeNull();
  });

  test("refuses a name that another package has taken, and leaves that package's backend alone", async () => {
    let started = false;
    tf.registerBackend('native', () => {
      started = true;
      throw new Error('started');
    });
    await expect(registerNativeBackend({ device: 'cpu' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/^another package has registered the backend 'native'[^\n]+$/),
    });
    expect(started).toBe(false);
  });

  test("of several processes on a machine, each takes a device of its own where it is asked for 'cuda'", async () => {
    vi.stubEnv('LOCAL_RANK', '98');
    await expect(registerNativeBackend({ device: 'cuda' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining("device 'cuda'"),
    });
    vi.unstubAllEnvs();
  });

  test('tells device, threads, version and memory, and does not switch to the backend by itself', async () => {
    const info = await registerNativeBackend({ device: 'cpu', threads: 2 });
    expect(info).toMatchObject({ device: 'cpu', threads: 2 });
    expect(info.torchVersion).toMatch(/^\d+\.\d+/);
    expect(info.deviceName).not.toBe('');
    expect(info.memory.handles).toBeGreaterThanOrEqual(0);
    expect(tf.getBackend()).toBe('cpu');
    expect(await tf.setBackend('native')).toBe(true);
    expect(tf.getBackend()).toBe('native');
  });

  test('a second time gives the same backend', async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    const first = tf.findBackend('native');
    expect(await registerNativeBackend({ device: 'cpu', threads: 2 })).toMatchObject({ threads: 1 });
    expect(tf.findBackend('native')).toBe(first);
  });

  test('a second time on another device is refused, as a process has one', async () => {
    await registerNativeBackend({ device: 'cpu' });
    await expect(registerNativeBackend({ device: 'cuda:3' })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: "device 'cuda:3' cannot be used: this process computes on 'cpu' already; use another process",
    });
    expect(await registerNativeBackend()).toMatchObject({ device: 'cpu' });
  });

  test('twice at once gives one backend', async () => {
    const [one, two] = await Promise.all([
      registerNativeBackend({ device: 'cpu', threads: 1 }),
      registerNativeBackend({ device: 'cpu', threads: 2 }),
    ]);
    expect([one.threads, two.threads]).toEqual([1, 1]);
    await tf.setBackend('native');
    expect(await tf.add([1, 2], 1).data()).toEqual(Float32Array.of(2, 3));
  });

  test('after it was removed works again, with other threads', async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    tf.removeBackend('native');
    expect(await registerNativeBackend({ device: 'cpu', threads: 2 })).toMatchObject({ threads: 2 });
    await tf.setBackend('native');
    expect(await tf.matMul([[1, 2]], [[3], [4]]).data()).toEqual(Float32Array.of(11));
  });

  test("an operation that it has no kernel for gives tfjs's error with the names of both", async () => {
    await registerNativeBackend({ device: 'cpu' });
    await tf.setBackend('native');
    const image = tf.zeros([2, 2, 3]);
    expect(() => tf.engine().runKernel('Draw', { image })).toThrow(/'Draw'.*'native'/);
  });
});
