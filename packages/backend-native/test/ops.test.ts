import { describeOps } from '@simvlm/conformance';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('conformance', () => {
  describeOps('native', async () => {
    await registerNativeBackend({ device: 'cpu', threads: 2 });
  });
});
