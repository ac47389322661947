import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The built page in Chromium, from the outside: `pnpm build` first. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['e2e/serve.ts'],
    // One browser at a time: each keeps all cores busy.
    fileParallelism: false,
    // Limits for what hangs, not for what is slow: other programs of the machine may hold up the page.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 300_000 } },
  },
});
