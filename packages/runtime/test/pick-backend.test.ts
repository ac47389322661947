import { nativeStatus } from '@simvlm/backend-native';
import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, test, vi } from 'vitest';
import { pickBackend, registerBackendProvider } from '../src/index';

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
