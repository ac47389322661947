import type { DeviceOptions } from '@simvlm/backend-webgpu';
import type { ActivateOptions, BackendProvider } from '@simvlm/core';
import { isWithoutGpuFiles } from './gpu-files';

/** Loaded when it is looked at: a page that computes elsewhere does without it. */
const load = () => import('@simvlm/backend-webgpu');

/** `@simvlm/backend-webgpu`: the GPU of a browser, and in Node through Dawn where the package `webgpu` is installed. */
export const webgpuProvider: BackendProvider = {
  name: 'webgpu',
  rank: 300,
  devices: ['high-performance', 'low-power', 'software'],
  async check(options) {
    const { prefer, device } = options;
    // In Node it takes a tenth of a second, and graphics drivers that are not there complain on the terminal.
    const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
    if (isNode && prefer !== undefined && prefer !== 'webgpu')
      return { available: false, reason: `not looked for, as ${prefer} was asked for` };
    const wanted = adapterOptions(options);
    if (prefer === undefined && device === undefined && !wanted.software && isWithoutGpuFiles())
      return {
        available: false,
        reason: 'no graphics card in /dev; pass --backend webgpu to try anyway',
      };
    return (await load()).webGpuStatus(wanted);
  },
  async activate(options) {
    const { registerWebGpuBackend } = await load();
    const { adapter, features } = await registerWebGpuBackend(adapterOptions(options));
    const used = features.filter(feature => feature === 'subgroups' || feature === 'shader-f16');
    return [adapter, ...used].join(', ');
  },
};

function adapterOptions({ device, software = softwareByEnvironment() }: ActivateOptions): DeviceOptions {
  if (device === 'software') return { software: 'only' };
  if (device === undefined) return { software };
  return { software, powerPreference: device as NonNullable<DeviceOptions['powerPreference']> };
}

/** The environment variable SIMVLM_WEBGPU_SOFTWARE=1, in Node. */
function softwareByEnvironment(): boolean {
  return typeof process !== 'undefined' && process.env?.SIMVLM_WEBGPU_SOFTWARE === '1';
}
