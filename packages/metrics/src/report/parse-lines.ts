import { DataError } from '@simvlm/core';

/**
 * JSON lines as objects; empty lines are passed over, a number as `id` becomes a text, and `text` stands for a `prediction` that is not there.
 *
 * @param where names the file in messages
 * @throws DataError for a line that is no JSON object
 */
export function parseLines(lines: readonly string[], where: string): Record<string, unknown>[] {
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new DataError('DATA_INVALID', `${where}: line ${i + 1} is no JSON: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new DataError('DATA_INVALID', `${where}: line ${i + 1} must be a JSON object`);
    const { id, text } = value as { id?: unknown; text?: unknown };
    // Data sets number their items, and `simvlm eval --predictions` says what the text of each is.
    return [{ prediction: text, ...value, ...(typeof id === 'number' && { id: String(id) }) }];
  });
}
