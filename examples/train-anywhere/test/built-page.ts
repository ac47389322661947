import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

const fromRoot = (file: string) => fileURLToPath(new URL(`../../../${file}`, import.meta.url));

export interface BuiltPage {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Builds a page as bundlers do and serves it.
 *
 * @param root folder of `index.html`
 * @param outDir a new folder
 */
export async function builtPage(root: string, outDir: string): Promise<BuiltPage> {
  const common = { root, configFile: fromRoot('vitest.config.ts'), logLevel: 'error' } as const;
  const find = /^@simvlm\/backend-native$/;
  await build({
    ...common,
    // From the package bundlers take this by its export for browsers; from the sources it must be said.
    resolve: { alias: [{ find, replacement: fromRoot('packages/backend-native/src/browser.ts') }] },
    build: { outDir, emptyOutDir: true, target: 'es2022' },
  });
  const server = await preview({ ...common, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
