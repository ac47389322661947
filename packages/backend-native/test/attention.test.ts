import { describeAttention } from '@simvlm/conformance';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('conformance', () => {
  describeAttention('native', async () => {
    await registerNativeBackend({ device: 'cpu', threads: 2 });
  });
});
