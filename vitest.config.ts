import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './scripts/slow-first.ts';
import { sourceAliases } from './scripts/source-aliases.ts';

/** Tests of WebGPU in Node that leave their device as it was. */
const sharedDevice = [
  'attention',
  'attention-shapes.node',
  'captured-training.node',
  'exact-resume',
  'fused.node',
  'kernels',
  'linear.node',
  'ops',
  'parity',
  'parity.node',
  'training.node',
].map(name => `packages/backend-webgpu/test/${name}.test.ts`);

/** Tests that change nothing outside themselves and mock no module, by package. */
const independent = [
  'attention',
  'bytes',
  'checkpoint',
  'core',
  'data',
  'dataset-icons',
  'eval',
  'image',
  'metrics',
  'model',
  'pretrained',
  'run',
  'tokenizer',
  'trainer',
  'vision-patcher',
].flatMap(name => [`packages/${name}/src/**/*.test.ts`, `packages/${name}/test/**/*.test.ts`]);

const notHere = ['**/*.browser.test.ts', '**/node_modules/**'];

export default defineConfig({
  resolve: {
    alias: [
      ...sourceAliases(),
      { find: /^fast-check$/, replacement: fileURLToPath(new URL('scripts/fast-check.ts', import.meta.url)) },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'examples/*/test/**/*.test.ts',
            'bench/**/*.test.ts',
            'conformance/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: [...sharedDevice, ...independent, ...notHere],
        },
      },
      // Files of the next two run one after another in the same workers. Each is a group of its own, as vitest starts a new
      // worker where the next file is not of the same project.
      // On the processor, a shader takes a second to compile: it is compiled once for all of these.
      {
        extends: true,
        test: { name: 'webgpu', include: sharedDevice, isolate: false, sequence: { groupOrder: 1 } },
      },
      // A new worker, with TensorFlow.js, takes a second: longer than most of these files.
      {
        extends: true,
        test: {
          name: 'independent',
          include: independent,
          exclude: notHere,
          isolate: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    // Compiles the wasm kernels where a test run comes before any build, and the native addon where a libtorch is.
    globalSetup: [
      'scripts/parts/share.ts',
      'packages/backend-wasm/scripts/ensure-wasm.mjs',
      'packages/backend-native/scripts/ensure-addon.ts',
    ],
    // Most tests are about one backend and its exact numbers, whatever else this machine has.
    // Messages are compared as they are in a file: without colours, which some programs write where CI is set.
    // libtorch's threads wait for work in a loop, on cores that others need: two processes that train side by side take ten times as long.
    env: { SIMVLM_BACKEND: 'wasm', NO_COLOR: '1', OMP_WAIT_POLICY: 'passive' },
    pool: 'forks',
    sequence: { sequencer: SlowFirst },
    maxWorkers: 2,
    // Limits for what hangs, not for what is slow: the machine may have other work.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
