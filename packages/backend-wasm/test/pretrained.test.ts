import { describePretrained } from '@simvlm/conformance/node';
import { registerWasmBackend } from '../src/index';

describePretrained('wasm', {
  ready: async () => {
    await registerWasmBackend({ threads: 2 });
  },
  logits: 1e-4,
});
