import { BackendError } from '@simvlm/core';
import { afterEach, expect, test, vi } from 'vitest';
import { pickBackend } from '../src/index';
import { isWithoutGpuFiles } from '../src/providers/gpu-files';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test.skipIf(process.platform !== 'linux').each([
  ['a server', ['null', 'zero', 'nvram', 'kvm'], true],
  ['a desktop', ['null', 'dri'], false],
  ['a container with an NVIDIA card', ['null', 'nvidia0', 'nvidiactl'], false],
  ['WSL', ['dxg', 'null'], false],
])('%s: %j', (_, names, expected) => {
  expect(isWithoutGpuFiles(() => names)).toBe(expected);
});

test('where /dev is hidden, the driver is asked', () => {
  const hidden = () => {
    throw new Error('EACCES');
  };
  expect(isWithoutGpuFiles(hidden)).toBe(false);
});

test.skipIf(process.platform !== 'linux')(
  'without such a file WebGPU is passed over unasked, and looked for when it is asked for',
  async () => {
    vi.stubEnv('SIMVLM_BACKEND', '');
    vi.spyOn(process.getBuiltinModule('node:fs'), 'readdirSync').mockReturnValue([]);
    const { candidates } = await pickBackend();
    expect(candidates).toContainEqual({
      name: 'webgpu',
      available: false,
      reason: 'no graphics card in /dev; pass --backend webgpu to try anyway',
    });
    // Whether or not there is one, it is the driver that says so.
    const asked = await pickBackend({ prefer: 'webgpu' }).catch((error: BackendError) => error);
    expect(asked instanceof BackendError ? asked.message : asked.name).toMatch(/webgpu(?!.*\/dev)/s);
  },
);
