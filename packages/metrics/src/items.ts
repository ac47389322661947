import { DataError } from '@simvlm/core';

/**
 * Refuses what would give a number that means nothing.
 *
 * @param items parsed lines, `where` names the file
 * @throws DataError for no items, an id that is missing or there twice, or what `problem` finds in one
 */
export function checkItems<T extends { readonly id: string }>(
  where: string,
  items: readonly T[],
  problem: (item: T) => string | undefined,
): void {
  if (items.length === 0) throw new DataError('DATA_INVALID', `${where}: there are no items`);
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const place = `${where}: item ${i + 1}`;
    if (typeof item.id !== 'string' || item.id === '')
      throw new DataError('DATA_INVALID', `${place}: "id" must be a text that is not empty`);
    if (seen.has(item.id))
      throw new DataError('DATA_INVALID', `${place}: the id "${item.id}" is there twice`);
    seen.add(item.id);
    const found = problem(item);
    if (found) throw new DataError('DATA_INVALID', `${place} ("${item.id}"): ${found}`);
  }
}

/** What is wrong with a list of texts that a prediction is compared to. */
export function textsProblem(key: string, texts: unknown): string | undefined {
  if (!Array.isArray(texts) || texts.length === 0) return `"${key}" must be a list of one text or more`;
  return texts.every(text => typeof text === 'string') ? undefined : `"${key}" must hold texts alone`;
}

export function predictionProblem(prediction: unknown): string | undefined {
  return typeof prediction === 'string' ? undefined : '"prediction" must be a text, which may be empty';
}
