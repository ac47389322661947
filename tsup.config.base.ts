import { defineConfig, type Options } from 'tsup';

/** The one build of every package: ESM, CommonJS and types, Node ≥ 20.19 and today's browsers. */
export function packageBuild(options: Options = {}) {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm', 'cjs'],
    dts: true,
    target: 'es2022',
    platform: 'neutral',
    splitting: false,
    sourcemap: false,
    clean: true,
    outExtension: ({ format }) => ({ js: format === 'cjs' ? '.cjs' : '.js' }),
    ...options,
  });
}
