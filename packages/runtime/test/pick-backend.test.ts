import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, test } from 'vitest';
import { pickBackend, registerBackendProvider } from '../src/index';

afterEach(() => tf.setBackend('cpu'));

test('without a wish, wasm is picked before cpu, and the reason names what was passed over', async () => {
  const picked = await pickBackend();
  expect(picked.name).toBe('wasm');
  expect(tf.getBackend()).toBe('wasm');
  expect(picked.detail).toMatch(/^SIMD, \d+ threads?$/);
  expect(picked.reason).toMatch(/native: .*; not webgpu: /);
});

test('cpu can be asked for', async () => {
  const picked = await pickBackend({ prefer: 'cpu' });
  expect(picked.name).toBe('cpu');
  expect(tf.getBackend()).toBe('cpu');
  expect(picked.reason).toBe('cpu was asked for');
});

test('an unknown backend and one that is not here are refused with what there is', async () => {
  await expect(pickBackend({ prefer: 'tpu' })).rejects.toThrow(
    'no backend "tpu"; there are native, webgpu, wasm, cpu',
  );
  await expect(pickBackend({ prefer: 'native' })).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});

test('a provider from outside is tried first when its rank is higher, and a failing one is passed over', async () => {
  registerBackendProvider({
    name: 'broken',
    rank: 1000,
    check: async () => ({ available: true, reason: 'looks fine' }),
    activate: async () => {
      throw new Error('driver crashed');
    },
  });
  const picked = await pickBackend();
  expect(picked.name).toBe('wasm');
  expect(picked.candidates).toContainEqual({ name: 'broken', available: false, reason: 'driver crashed' });
});
