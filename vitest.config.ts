import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests read the sources of every package, so that no build is needed before a test.
const tsconfig = JSON.parse(readFileSync(new URL('./tsconfig.json', import.meta.url), 'utf8'));
const paths = tsconfig.compilerOptions.paths as Record<string, [string]>;
const alias = Object.entries(paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file, import.meta.url)),
}));

export default defineConfig({
  resolve: { alias },
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
