import { describeKernels } from '@simvlm/conformance';
import { registerWasmBackend } from '../src/index';

describeKernels('wasm', async () => {
  await registerWasmBackend({ threads: 2 });
});
