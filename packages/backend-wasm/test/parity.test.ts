import { describeParity } from '@simvlm/conformance';
import { registerWasmBackend } from '../src/index';

describeParity('wasm', {
  ready: async () => {
    await registerWasmBackend({ threads: 2 });
  },
});
