import { type CheckpointError, isSimVlmError } from '@simvlm/core';

/** The same error with the key of the configuration in front that names what it is about: `"tokenizer.model": cannot read …`. */
export function atKey(key: string, error: unknown): unknown {
  if (!isSimVlmError(error)) return error;
  // All of them are made alike.
  const Kind = error.constructor as typeof CheckpointError;
  return new Kind(error.code, `"${key}": ${error.message}`, { cause: error });
}
