import { describeParity } from '@simvlm/conformance';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('parity', () => {
  describeParity('native', {
    ready: async () => {
      await registerNativeBackend({ device: 'cpu', threads: 1 });
    },
  });
});
