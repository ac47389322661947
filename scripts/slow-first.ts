import { fileURLToPath } from 'node:url';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The test files of more than twenty seconds, the slowest first, as the last lines of `pnpm test` show them. Vitest would begin with those of
 * the most bytes; a short file that takes two minutes would then run last, beside an idle core.
 */
export const slowFiles = [
  'packages/backend-webgpu/test/training.node.test.ts',
  'packages/backend-webgpu/test/parity.node.test.ts',
  'examples/caption-studio/test/knowledge.test.ts',
  'packages/backend-webgpu/test/kernels.test.ts',
  'packages/cli/test/torchrun.test.ts',
  'packages/backend-webgpu/test/attention-shapes.node.test.ts',
  'packages/backend-webgpu/test/exact-resume.test.ts',
  'packages/cli/test/two-hosts.test.ts',
  'packages/backend-webgpu/test/ops.test.ts',
  'packages/backend-webgpu/test/parity.test.ts',
  'packages/backend-native/test/other-libtorchs.test.ts',
  'packages/checkpoint-emoji/test/same-everywhere.test.ts',
  'packages/cli/test/several-processes.test.ts',
  'packages/backend-webgpu/test/pretrained.node.test.ts',
  'bench/reference/reference.test.ts',
  'packages/backend-native/test/process-training.test.ts',
  'packages/backend-wasm/test/exact-resume.test.ts',
  'packages/cli/test/finetune.test.ts',
  'packages/run/test/recipe-check.test.ts',
  'packages/cli/test/tasks.test.ts',
  'packages/checkpoint/test/large.test.ts',
].map(file => root + file);

/** Slow files first, the others as vitest orders them. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => slowFiles.indexOf(moduleId);
    const slow = files.filter(file => rank(file) !== -1).sort((a, b) => rank(a) - rank(b));
    return [...slow, ...(await super.sort(files.filter(file => rank(file) === -1)))];
  }
}
