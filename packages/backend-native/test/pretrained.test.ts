import { describePretrained } from '@simvlm/conformance/node';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('imported captioners', () => {
  describePretrained('native', {
    ready: async () => {
      await registerNativeBackend({ device: 'cpu', threads: 1 });
    },
    logits: 1e-4,
  });
});
