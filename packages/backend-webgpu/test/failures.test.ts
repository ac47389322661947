import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect } from 'vitest';
import { SimVlmWebGpuBackend } from '../src/backend';
import { registerWebGpuBackend, webGpuBackend, webGpuStatus } from '../src/index';
import type { Program } from '../src/program';
import { describe, softwareDriver, test } from './node';

const broken: Program = {
  key: 'a shader that does not compile',
  reads: { x: 'f32' },
  writes: { y: 'f32' },
  uniforms: [],
  workgroup: [1, 1, 1],
  code: () => 'fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) { y[0] = x[0] + nonsense; }',
};

async function failure(action: () => unknown): Promise<{ code?: string; message: string }> {
  try {
    await action();
  } catch (error) {
    return error as { code?: string; message: string };
  }
  throw new Error('it did not fail');
}

describe('what goes wrong on the device is an error that says what to do', () => {
  let backend: SimVlmWebGpuBackend;
  beforeEach(async () => {
    await softwareDriver();
    tf.env().set('WEBGPU_CPU_FORWARD', false);
    // A new one where the test before has broken the last.
    await registerWebGpuBackend({ software: true });
    await tf.setBackend('webgpu');
    backend = webGpuBackend()!;
  });
  afterEach(() => expect(backend.failure).toBeDefined());

  test('a device that is lost: nothing hangs, and a new backend goes on', async () => {
    const x = tf.square(tf.tensor1d([1, 2]));
    const heard: string[] = [];
    backend.onFailure(({ kind }) => heard.push(kind));
    backend.device.destroy();
    const error = await failure(() => x.data());
    expect(error).toMatchObject({ code: 'BACKEND_FAILED' });
    expect(error.message).toMatch(
      /was lost: .*; register the backend again and go on from the last checkpoint$/,
    );
    expect(heard).toEqual(['lost']);
    expect((await failure(() => tf.square([3]))).message).toMatch(/was lost/);

    await registerWebGpuBackend({ software: true });
    await tf.setBackend('webgpu');
    expect(webGpuBackend()).not.toBe(backend);
    expect([...(await tf.square(tf.tensor1d([1, 2])).data())]).toEqual([1, 4]);
  });

  test('a device that says late that it was lost: a read that breaks off waits for its word', async () => {
    const { device } = backend;
    const late = device.lost.then(async info => {
      await new Promise(resolve => setTimeout(resolve, 300));
      return info;
    });
    Object.defineProperty(device, 'lost', { value: late });
    const other = new SimVlmWebGpuBackend(backend.found);
    const { dataId } = other.make([1], 'float32');
    other.uploadToGPU(dataId);
    const read = failure(() => other.read(dataId));
    device.destroy();
    expect((await read).message).toMatch(/was lost/);
    expect(other.failure?.kind).toBe('lost');
  });

  test('a shader that does not compile', async () => {
    const x = backend.make([1], 'float32');
    const y = backend.make([1], 'float32');
    backend.launch({ program: broken, inputs: [x], outputs: [y], groups: [1, 1, 1] });
    const error = await failure(() => backend.read(y.dataId));
    expect(error).toMatchObject({ code: 'BACKEND_FAILED' });
    expect(error.message).toMatch(/^webgpu: validation error on .*nonsense/);
    expect(error.message).not.toContain('\n');
  });

  test('a kernel that was given too few buffers', async () => {
    const x = backend.make([1], 'float32');
    const program = {
      ...broken,
      key: 'too few buffers',
      code: () => broken.code().replace('nonsense', '1.0'),
    };
    backend.launch({ program, inputs: [], outputs: [x], groups: [1, 1, 1] });
    expect((await failure(() => backend.read(x.dataId))).message).toMatch(/^webgpu: validation error/);
  });
});

describe('what cannot be is refused at once', () => {
  beforeEach(async () => {
    await softwareDriver();
    await registerWebGpuBackend({ software: true });
    await tf.setBackend('webgpu');
  });
  afterEach(() => expect(webGpuBackend()!.failure).toBeUndefined());

  test('a tensor beyond what the device binds', async () => {
    const limit = webGpuBackend()!.device.limits.maxStorageBufferBindingSize;
    const error = await failure(() => tf.square(tf.zeros([limit / 4 + 1])));
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY' });
    expect(error.message).toContain(`this device binds at most ${limit}: make batches smaller`);
  });

  test('more workgroups than a launch takes', async () => {
    const backend = webGpuBackend()!;
    const limit = backend.device.limits.maxComputeWorkgroupsPerDimension;
    const [x, y] = [backend.make([1], 'float32'), backend.make([1], 'float32')];
    const program = { ...broken, key: 'many workgroups' };
    const error = await failure(() =>
      backend.launch({ program, inputs: [x], outputs: [y], groups: [1, limit + 1, 1] }),
    );
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY' });
    expect(error.message).toContain(
      `1 × ${limit + 1} × 1 workgroups; this device launches at most ${limit} in a dimension: make batches smaller`,
    );
  });

  test('an adapter in software that nobody asked for', async () => {
    const { available, reason } = await webGpuStatus();
    expect(available).toBe(false);
    expect(reason).toMatch(
      /computes on the processor, slower than the backend wasm: ask for it with software: true, on the command line --device software$/,
    );
    expect((await webGpuStatus({ software: true })).available).toBe(true);
  });
});
