import type { ProcessGroup } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';
import { joinProcesses, pickBackend, registerBackendProvider } from '../src/index';

afterEach(() => vi.unstubAllEnvs());

const second = { WORLD_SIZE: '2', RANK: '1', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29500' };
const become = (env: Record<string, string>) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};

test('a process on its own joins none', async () => {
  expect(await joinProcesses()).toBeUndefined();
  vi.stubEnv('WORLD_SIZE', '1');
  expect(await joinProcesses()).toBeUndefined();
});

test('a wrong variable is an error before anything is joined', async () => {
  become({ ...second, RANK: '2' });
  await expect(joinProcesses()).rejects.toMatchObject({
    ...{ name: 'ConfigError', code: 'CONFIG_INVALID' },
    message: 'the environment variable RANK is "2"; it must be a whole number from 0 to 1',
  });
});

test('a backend without a way between processes says so', async () => {
  become(second);
  await pickBackend({ prefer: 'cpu' });
  await expect(joinProcesses()).rejects.toMatchObject({
    ...{ name: 'BackendError', code: 'BACKEND_UNAVAILABLE' },
    message:
      "the backend 'cpu' cannot train in several processes, and WORLD_SIZE is 2: use the backend 'native'",
  });
});

test('the current backend is the one that joins', async () => {
  become(second);
  const joined = { rank: 1, size: 2 } as ProcessGroup<tf.Tensor>;
  const places: unknown[] = [];
  tf.registerBackend('joining', () => new (class extends tf.KernelBackend {})());
  registerBackendProvider({
    ...{ name: 'joining', rank: -1 },
    check: async () => ({ available: true, reason: 'for a test' }),
    activate: async () => 'a test',
    async joinProcessGroup(place) {
      places.push(place);
      return joined;
    },
  });
  await pickBackend({ prefer: 'joining' });
  expect(await joinProcesses()).toBe(joined);
  expect(places).toEqual([{ rank: 1, size: 2, host: '127.0.0.1', port: 29500 }]);
  await tf.setBackend('cpu');
});
