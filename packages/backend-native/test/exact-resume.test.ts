import { describeExactResume } from '@simvlm/conformance';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('exact resume', () => {
  describeExactResume('native', {
    ways: ['plain', 'everything', 'recorded'],
    ready: async () => {
      await registerNativeBackend({ device: 'cpu', threads: 1 });
    },
  });
});
