import { joinProcessGroup, nativeStatus, registerNativeBackend } from '@simvlm/backend-native';
import type { BackendProvider } from '../provider';

/** `@simvlm/backend-native`: libtorch, on a CUDA device where there is one, else on the CPU. Node only. */
export const nativeProvider: BackendProvider = {
  name: 'native',
  rank: 200,
  async check() {
    const { found, built, reason, cuda } = nativeStatus();
    if (!found) return { available: false, reason };
    // Compiling takes a minute: nobody is made to wait for it unasked.
    if (!built)
      return { available: false, reason: `${reason}, but the addon is not built: simvlm native build` };
    return { available: true, reason, rank: cuda ? 400 : 200 };
  },
  async activate({ threads }) {
    const info = await registerNativeBackend(threads === undefined ? {} : { threads });
    const where =
      info.device === 'cpu' ? `CPU, ${info.threads} threads` : `${info.device} ${info.deviceName}`;
    return `libtorch ${info.torchVersion}, ${where}`;
  },
  joinProcessGroup: place => joinProcessGroup(place),
};
