import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { onTestFinished } from 'vitest';

const fromRoot = (file: string) => fileURLToPath(new URL(`../../../${file}`, import.meta.url));

/**
 * Builds a page as bundlers do and serves it for the test that runs. Gives its address.
 *
 * @param root folder of `index.html`
 * @param outDir a new folder
 */
export async function builtPage(root: string, outDir: string): Promise<string> {
  const common = { root, configFile: fromRoot('vitest.config.ts'), logLevel: 'error' } as const;
  const find = /^@simvlm\/backend-native$/;
  await build({
    ...common,
    // From the package bundlers take this by its export for browsers; from the sources it must be said.
    resolve: { alias: [{ find, replacement: fromRoot('packages/backend-native/src/browser.ts') }] },
    build: { outDir, emptyOutDir: true, target: 'es2022' },
  });
  const server = await preview({ ...common, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  onTestFinished(() => server.close());
  return server.resolvedUrls!.local[0]!;
}
