import type { CheckpointFiles, CheckpointStorage } from './checkpoint';

/** Keeps the newest checkpoint in memory: for tests, and for pages without a file system. */
export function memoryStorage(): CheckpointStorage & { readonly steps: readonly number[] } {
  const steps: number[] = [];
  let newest: CheckpointFiles | undefined;
  return {
    steps,
    async save(step, files) {
      newest = new Map([...files].map(([name, bytes]) => [name, bytes.slice()]));
      steps.push(step);
    },
    latest: async () => newest,
  };
}
