import {
  joinProcessGroup,
  type NativeOptions,
  nativeStatus,
  registerNativeBackend,
} from '@simvlm/backend-native';
import type { BackendProvider } from '@simvlm/core';

/** `@simvlm/backend-native`: libtorch, on a CUDA device where there is one, else on the CPU. Node only. */
export const nativeProvider: BackendProvider = {
  name: 'native',
  rank: 200,
  devices: ['cpu', 'cuda', 'cuda:N'],
  precisions: ['float32', 'bfloat16'],
  async check({ device }) {
    const { found, built, reason, cuda, cudaVersion } = nativeStatus();
    if (!found) return { available: false, reason };
    if (device?.startsWith('cuda') && cudaVersion === null)
      return { available: false, reason: `${reason}: pip install torch gives one with CUDA` };
    // Compiling takes a minute: nobody is made to wait for it unasked.
    if (!built)
      return { available: false, reason: `${reason}, but the addon is not built: simvlm native build` };
    return { available: true, reason, rank: cuda && device !== 'cpu' ? 400 : 200 };
  },
  async activate({ threads, device, precision = 'float32' }) {
    const info = await registerNativeBackend({
      precision,
      ...(threads !== undefined && { threads }),
      ...(device !== undefined && { device: device as NonNullable<NativeOptions['device']> }),
    });
    const where =
      info.device === 'cpu'
        ? `CPU, ${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}`
        : `${info.device} ${info.deviceName}`;
    return `libtorch ${info.torchVersion}, ${where}, ${info.precision}`;
  },
  joinProcessGroup: place => joinProcessGroup(place),
};
