import {
  type Checkpoint,
  type CheckpointFiles,
  type CheckpointStorage,
  collect,
  memoryCheckpoint,
} from './checkpoint';
import { bestCheckpoint, type KeepRules, outdated, type SavedCheckpoint } from './retention';

export interface MemoryStorage extends CheckpointStorage {
  /** Steps that were saved, in order. */
  readonly steps: readonly number[];
  /** Files of the newest checkpoint. */
  readonly files: CheckpointFiles | undefined;
}

export interface MemoryStorageOptions {
  /** Which checkpoints stay; default: the last one. */
  readonly keep?: KeepRules;
}

interface Kept extends SavedCheckpoint {
  readonly files: CheckpointFiles;
}

/** Keeps checkpoints in memory: for tests, and for pages without a file system. */
export function memoryStorage({ keep = {} }: MemoryStorageOptions = {}): MemoryStorage {
  const steps: number[] = [];
  let kept: Kept[] = [];
  const opened = (checkpoint: Kept | undefined): Checkpoint | undefined =>
    checkpoint && memoryCheckpoint(checkpoint.files);
  return {
    steps,
    get files() {
      return kept.at(-1)?.files;
    },
    async save(step, contents, options = {}) {
      const files = await collect(contents);
      kept.push({ name: `step ${step}`, step, saved: steps.push(step), files, ...options });
      const gone = outdated(kept, { last: 1, ...keep });
      kept = kept.filter(each => !gone.includes(each));
    },
    latest: async () => opened(kept.at(-1)),
    best: async () => opened(bestCheckpoint(kept)),
    open: async step => opened(kept.findLast(each => each.step === step)),
  };
}
