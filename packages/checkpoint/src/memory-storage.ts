import {
  type Checkpoint,
  type CheckpointFiles,
  type CheckpointStorage,
  collect,
  memoryCheckpoint,
} from './checkpoint';

export interface MemoryStorage extends CheckpointStorage {
  /** Steps that were saved, in order. */
  readonly steps: readonly number[];
  /** Files of the newest checkpoint. */
  readonly files: CheckpointFiles | undefined;
}

/** Keeps the newest checkpoint in memory: for tests, and for pages without a file system. */
export function memoryStorage(): MemoryStorage {
  const steps: number[] = [];
  let files: CheckpointFiles | undefined;
  return {
    steps,
    get files() {
      return files;
    },
    async save(step, contents) {
      files = await collect(contents);
      steps.push(step);
    },
    latest: async (): Promise<Checkpoint | undefined> => files && memoryCheckpoint(files),
  };
}
