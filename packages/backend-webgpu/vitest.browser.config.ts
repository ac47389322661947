import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** The tests of the WebGPU backend once more, in Chromium without a window; on the processor, so that they need no GPU. */
const args = [
  ...['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  ...['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--no-first-run',
];
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

const { projects: _projects, globalSetup: _globalSetup, pool: _pool, ...test } = base.test!;

export default mergeConfig(
  { ...base, test },
  defineConfig({
    root: fileURLToPath(new URL('.', import.meta.url)),
    // Found while a test runs, they would make the page load anew.
    optimizeDeps: {
      include: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu'],
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
        provider: playwright({ launchOptions: { executablePath, args } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  }),
);
