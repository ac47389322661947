import { describeOps } from '@simvlm/conformance';
import { registerWasmBackend } from '../src/index';

describeOps('wasm', async () => {
  await registerWasmBackend({ threads: 2 });
});
