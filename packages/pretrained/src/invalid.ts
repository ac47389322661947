import { CheckpointError } from '@simvlm/core';

/** For files that are damaged or make no model. */
export function invalid(message: string, cause?: unknown): CheckpointError {
  return new CheckpointError('CHECKPOINT_INVALID', message, { cause });
}

/** For files that are whole, and of a model that is not known here. */
export function unsupported(message: string): CheckpointError {
  return new CheckpointError('CHECKPOINT_MISMATCH', message);
}
