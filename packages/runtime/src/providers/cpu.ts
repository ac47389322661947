import '@tensorflow/tfjs-backend-cpu';
import type { BackendProvider } from '@simvlm/core';

/** tfjs's own backend in plain JavaScript: works everywhere, tens of times slower than wasm. */
export const cpuProvider: BackendProvider = {
  name: 'cpu',
  rank: 0,
  check: async () => ({ available: true, reason: 'plain JavaScript, the last resort' }),
  activate: async () => 'plain JavaScript, one thread',
};
