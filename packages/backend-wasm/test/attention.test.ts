import { describeAttention } from '@simvlm/conformance';
import { registerWasmBackend } from '../src/index';

describeAttention('wasm', async () => {
  await registerWasmBackend({ threads: 2 });
});
