import type { BackendProvider } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

const NAME = 'plain';

/** tfjs's backend in plain JavaScript under a name of its own. A backend of your own has its own class, and its own kernels. */
export const plainBackend: BackendProvider = {
  name: NAME,
  // Below all of ours: it is taken when it is asked for.
  rank: -1,
  check: async () => ({ available: true, reason: 'JavaScript works everywhere' }),
  async activate() {
    if (tf.findBackendFactory(NAME) === null) {
      for (const kernel of tf.getKernelsForBackend('cpu'))
        tf.registerKernel({ ...kernel, backendName: NAME });
      // In tfjs the last word on where a tensor lies is the backend's, so this one has tensors of its own.
      const Cpu = tf.findBackend('cpu').constructor as new () => ReturnType<typeof tf.findBackend>;
      tf.registerBackend(NAME, () => new Cpu());
    }
    return 'plain JavaScript';
  },
};
