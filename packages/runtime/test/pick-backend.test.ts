import { nativeStatus } from '@simvlm/backend-native';
import { BackendError, type Plugin, Registry } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type ActivateOptions,
  type BackendProvider,
  type PickOptions,
  type Precision,
  pickBackend,
  registerBackendProvider,
  runtimePlugin,
} from '../src/index';

// A machine without a GPU, whatever this one has.
vi.mock('@simvlm/backend-webgpu', () => {
  const refuse = () => Promise.reject(new BackendError('BACKEND_UNAVAILABLE', 'no graphics adapter'));
  return {
    webGpuStatus: async () => ({ available: false, reason: 'no graphics adapter' }),
    registerWebGpuBackend: refuse,
  };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await tf.setBackend('cpu');
});

test('without a wish, the fastest that works is picked, and the reason names what was passed over', async () => {
  vi.stubEnv('SIMVLM_BACKEND', '');
  const picked = await pickBackend();
  expect(picked.name).toBe(nativeStatus().built ? 'native' : 'wasm');
  expect(tf.getBackend()).toBe(picked.name);
  expect(picked.detail).toMatch(/^(SIMD, \d+ threads?|libtorch [\d.]+, .*)$/);
  expect(picked.reason).toMatch(/^the fastest that works here; not webgpu: /);
});

test('the environment can ask for one, and a wish in the call goes before it', async () => {
  vi.stubEnv('SIMVLM_BACKEND', 'cpu');
  expect((await pickBackend()).name).toBe('cpu');
  expect((await pickBackend({ prefer: 'wasm' })).name).toBe('wasm');
  vi.stubEnv('SIMVLM_BACKEND', 'abacus');
  await expect(pickBackend()).rejects.toThrow('no backend "abacus"; there are webgpu, native, wasm, cpu');
});

test('native is refused with the reason where there is no libtorch, or no addon for it', async () => {
  const status = nativeStatus();
  if (status.built) expect((await pickBackend({ prefer: 'native' })).detail).toMatch(/^libtorch /);
  else
    await expect(pickBackend({ prefer: 'native' })).rejects.toThrow(
      status.found ? 'simvlm native build' : 'no libtorch',
    );
});

test('cpu can be asked for', async () => {
  const picked = await pickBackend({ prefer: 'cpu' });
  expect(picked.name).toBe('cpu');
  expect(tf.getBackend()).toBe('cpu');
  expect(picked.reason).toBe('cpu was asked for');
});

test('an unknown backend and one that is not here are refused with what there is', async () => {
  await expect(pickBackend({ prefer: 'tpu' })).rejects.toThrow(
    'no backend "tpu"; there are webgpu, native, wasm, cpu',
  );
  await expect(pickBackend({ prefer: 'webgpu' })).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});

describe('a device or a precision', () => {
  beforeEach(() => {
    vi.stubEnv('SIMVLM_BACKEND', '');
  });
  const refused = (options: PickOptions) => pickBackend(options).catch((error: Error) => error);

  test.each<[PickOptions, string]>([
    [
      { device: 'gpu' },
      'no device "gpu"; there are high-performance, low-power, software, cpu, cuda, cuda:N; did you mean "cuda"?',
    ],
    [{ device: 'cuda1' }, 'did you mean "cuda:1"?'],
    [{ device: 'cuda:' }, 'no device "cuda:"'],
    [{ device: 'cuda:99999' }, 'no device "cuda:99999"'],
    [
      { precision: 'bf16' as Precision },
      'no precision "bf16"; there are float32, bfloat16; did you mean "bfloat16"?',
    ],
    [{ precision: 'float16' as Precision }, 'did you mean "bfloat16"?'],
    [
      { prefer: 'wasm', precision: 'bfloat16' },
      'the backend wasm does not compute in bfloat16, only in float32: use native',
    ],
    [{ prefer: 'wasm', device: 'cuda:1' }, 'the backend wasm has no device "cuda:1", only cpu: use native'],
    [
      { prefer: 'native', device: 'software' },
      'the backend native has no device "software", only cpu, cuda, cuda:N: use webgpu',
    ],
    [
      { device: 'software', precision: 'bfloat16' },
      'no backend computes in bfloat16 on the device "software": webgpu: float32 on ',
    ],
  ])('that cannot be is refused with what can: %j', async (options, message) => {
    const error = await refused(options);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect((error as Error).message).toContain(message);
  });

  test('leaves out the backends that cannot do it, and says why', async () => {
    const { candidates, name } = await pickBackend({ device: 'cpu' });
    expect(['native', 'wasm']).toContain(name);
    expect(candidates).toContainEqual({
      name: 'webgpu',
      available: false,
      reason: 'has no device "cpu", only high-performance, low-power, software',
    });
  });

  test('that no backend here can do is an error that tells of those alone that could elsewhere', async () => {
    const error = await refused({ device: 'cuda:1023' });
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect((error as Error).message).toMatch(
      /^backend "any" on device "cuda:1023" does not work here \(native: [^;]+/,
    );
    expect((error as Error).message).not.toContain('wasm:');
  });

  test('reaches the backend, which says what it took; without a wish it is float32 again', async () => {
    const asked: ActivateOptions[] = [];
    registerBackendProvider({
      name: 'asked',
      rank: -1,
      devices: ['card:N'],
      precisions: ['float32', 'bfloat16'],
      check: async () => ({ available: true, reason: 'made up' }),
      activate: async options => {
        asked.push(options);
        if (tf.findBackendFactory('asked') === null) tf.registerBackend('asked', () => tf.findBackend('cpu'));
        return 'made up';
      },
    });
    expect((await pickBackend({ device: 'card:3', precision: 'bfloat16' })).precision).toBe('bfloat16');
    expect((await pickBackend({ prefer: 'asked' })).precision).toBe('float32');
    expect(asked).toEqual([
      { device: 'card:3', precision: 'bfloat16' },
      { prefer: 'asked', precision: 'float32' },
    ]);
    await tf.setBackend('cpu');
    tf.removeBackend('asked');
  });
});

test('a provider from outside is tried first when its rank is higher, and a failing one is passed over', async () => {
  vi.stubEnv('SIMVLM_BACKEND', '');
  registerBackendProvider({
    name: 'broken',
    rank: 1000,
    check: async () => ({ available: true, reason: 'looks fine' }),
    activate: async () => {
      throw new Error('driver crashed');
    },
  });
  const picked = await pickBackend();
  expect(picked.name).toBe(nativeStatus().built ? 'native' : 'wasm');
  expect(picked.candidates).toContainEqual({ name: 'broken', available: false, reason: 'driver crashed' });
});

test('a backend of a plug-in is found by its name in a registry', async () => {
  const provider: BackendProvider = {
    name: 'plugged',
    rank: -2,
    check: async () => ({ available: true, reason: 'made up' }),
    async activate() {
      tf.registerBackend('plugged', () => tf.findBackend('cpu'));
      return 'made up';
    },
  };
  const plugin: Plugin = {
    name: 'mine',
    setup: registry => void registry.register('backend', 'plugged', provider),
  };
  const registry = new Registry().use(runtimePlugin, plugin);
  await expect(pickBackend({ prefer: 'plugged' })).rejects.toMatchObject({ code: 'BACKEND_UNKNOWN' });
  expect(await pickBackend({ prefer: 'plugged', registry })).toMatchObject({
    name: 'plugged',
    detail: 'made up',
  });
  const misnamed = new Registry().register('backend', 'other', provider);
  await expect(pickBackend({ registry: misnamed })).rejects.toThrow('register it under its own name');
  await tf.setBackend('cpu');
  tf.removeBackend('plugged');
});
