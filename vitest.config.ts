import { defineConfig } from 'vitest/config';
import { sourceAliases } from './scripts/source-aliases';

export default defineConfig({
  resolve: { alias: sourceAliases() },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    exclude: ['**/*.browser.test.ts', '**/node_modules/**'],
    // Compiles the wasm kernels where a test run comes before any build, and the native addon where a libtorch is.
    globalSetup: [
      'packages/backend-wasm/scripts/ensure-wasm.mjs',
      'packages/backend-native/scripts/ensure-addon.ts',
    ],
    // Most tests are about one backend and its exact numbers, whatever else this machine has.
    env: { SIMVLM_BACKEND: 'wasm' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
