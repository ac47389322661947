import { CheckpointError } from '@simvlm/core';

/** For a file of PyTorch that is damaged, or holds more than weights. Nothing of it was executed. */
export function refusal(where: string, what: string): CheckpointError {
  return new CheckpointError(
    'WEIGHTS_INVALID',
    `${where}: ${what}; nothing in it was executed; convert it where you trust it, with model.save_pretrained(folder, safe_serialization=True) in Python, and import that folder`,
  );
}
