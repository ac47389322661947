import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The built page in Chromium, from the outside: `pnpm build` first. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['e2e/serve.ts'],
    // One browser at a time: the tests measure the page.
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // Other programs of the machine may hold up the page.
    expect: { poll: { timeout: 30_000 } },
  },
});
