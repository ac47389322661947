import { ConfigError, DataError, parseJson, rule, type TaskContext } from '@simvlm/core';

/** The file of a checkpoint with the names of the labels, in the order of the head's outputs. */
const LABELS = 'labels.json';

/** The labels of a checkpoint, as `labelFile` wrote them. @throws DataError for another content */
export async function savedLabels({ savedFile }: TaskContext): Promise<readonly string[] | undefined> {
  const bytes = await savedFile?.(LABELS);
  if (!bytes) return undefined;
  const labels = parseJson(bytes, LABELS);
  if (!rule.strings.accepts(labels))
    throw new DataError('DATA_INVALID', `${LABELS}: must be a list of strings`);
  return labels as string[];
}

export function labelFile(labels: readonly string[]): ReadonlyMap<string, Uint8Array> {
  return new Map([[LABELS, new TextEncoder().encode(JSON.stringify(labels))]]);
}

/**
 * @param asked names that the options give beside those of a checkpoint
 * @throws ConfigError for fewer than two labels, one that is there twice, and others than were asked for
 */
export function checkLabels(where: string, labels: readonly string[], asked?: readonly string[]): void {
  if (new Set(labels).size !== labels.length || labels.length < 2)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where}: there must be two different labels or more, got ${labels.join(', ') || 'none'}`,
    );
  if (asked && JSON.stringify(asked) !== JSON.stringify(labels))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where}: "labels" are not those of the checkpoint: ${labels.join(', ')}`,
    );
}
