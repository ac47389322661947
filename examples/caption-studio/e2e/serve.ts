import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { preview } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the page is served. */
    address: string;
  }
}

/** Serves the built page with the headers of `vite preview`, as `pnpm studio` does. */
export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const outDir = process.env.STUDIO_DIST ?? 'dist';
  if (!existsSync(`${root}/${outDir}/index.html`) && !existsSync(`${outDir}/index.html`))
    throw new Error('the page is not built: run pnpm build first');
  const server = await preview({
    root,
    configFile: `${root}/vite.config.ts`,
    build: { outDir },
    preview: { port: 0 },
    logLevel: 'error',
  });
  project.provide('address', server.resolvedUrls!.local[0]!);
  return () => server.close();
}
