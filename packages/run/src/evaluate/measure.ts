import { DataError, type Evaluation } from '@simvlm/core';

/**
 * Refuses an evaluation that says nothing: numbers that are none, and items that no file of predictions can tell apart.
 *
 * @param where names evaluator and data in messages
 * @throws DataError
 */
export function checkEvaluated(where: string, { metrics, items = [] }: Evaluation): void {
  for (const [name, value] of Object.entries(metrics))
    if (!Number.isFinite(value)) throw new DataError('DATA_INVALID', `${where}: "${name}" is ${value}`);
  const seen = new Set<string>();
  for (const { id } of items) {
    if (seen.has(id))
      throw new DataError(
        'DATA_INVALID',
        `${where}: two examples have the id "${id}", and what is said of them could not be told apart`,
      );
    seen.add(id);
  }
}
