import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, mergeConfig } from 'vitest/config';
import { chromiumPath, softwareArgs } from '../../scripts/parts/chromium.ts';
import base from '../../vitest.config.ts';

const { projects: _projects, globalSetup: _globalSetup, pool: _pool, ...test } = base.test!;

/** The tests of the WebGPU backend once more, in Chromium. */
export default mergeConfig(
  { ...base, test },
  defineConfig({
    root: fileURLToPath(new URL('.', import.meta.url)),
    // Found while a test runs, they would make the page load anew.
    optimizeDeps: {
      include: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-webgpu'],
    },
    server: {
      headers: {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      },
    },
    test: {
      include: ['test/**/*.test.ts'],
      exclude: ['**/*.node.test.ts', '**/node_modules/**'],
      api: { host: '127.0.0.1' },
      fileParallelism: false,
      testTimeout: 300_000,
      hookTimeout: 300_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath: chromiumPath(), args: [...softwareArgs] } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  }),
);
