import { describeExactResume } from '@simvlm/conformance';
import { registerWasmBackend } from '../src/index';

for (const backend of ['cpu', 'wasm'])
  describeExactResume(backend, {
    ways: ['plain', 'everything'],
    ready: async () => {
      await registerWasmBackend({ threads: 2 });
    },
  });
