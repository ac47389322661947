/**
 * Every error code, and whose fault it is. `request`: what was asked for cannot be, so the same request fails again. `failure`: it
 * failed in the doing, because of a file, a disk or a machine, and may succeed once that is put right.
 */
export const faults = {
  CONFIG_INVALID: 'request',
  CONFIG_UNKNOWN_KEY: 'request',
  SHAPE_MISMATCH: 'failure',
  DATA_INVALID: 'failure',
  DATA_NOT_FOUND: 'failure',
  CAPTION_EMPTY: 'failure',
  IMAGE_UNREADABLE: 'failure',
  IMAGE_TOO_LARGE: 'failure',
  TOKENIZER_INVALID: 'failure',
  TOKENIZER_TRAINING: 'failure',
  TOKENIZER_VOCAB_SIZE: 'request',
  TOKEN_OUT_OF_RANGE: 'failure',
  TEXT_TOO_LONG: 'failure',
  WEIGHTS_INVALID: 'failure',
  CHECKPOINT_INVALID: 'failure',
  CHECKPOINT_MISMATCH: 'failure',
  CHECKPOINT_NOT_FOUND: 'failure',
  DISK_WRITE: 'failure',
  STORAGE_FULL: 'failure',
  STORAGE_ABSENT: 'failure',
  HUB_NOT_FOUND: 'failure',
  HUB_ACCESS: 'failure',
  HUB_UNREACHABLE: 'failure',
  HUB_INVALID: 'failure',
  BACKEND_UNKNOWN: 'request',
  BACKEND_UNAVAILABLE: 'failure',
  BACKEND_FAILED: 'failure',
  OUT_OF_MEMORY: 'failure',
  PLUGIN_DUPLICATE: 'request',
  PLUGIN_UNKNOWN: 'request',
  TRAINING_DIVERGED: 'failure',
  LOSS_SPIKE: 'failure',
  IMAGES_IGNORED: 'failure',
} as const satisfies Record<string, 'request' | 'failure'>;

/** What went wrong, for programs: stable across versions. */
export type ErrorCode = keyof typeof faults;
