import { ConfigError, type TaskContext } from '@simvlm/core';
import { savedTexts, textsFile } from '../text-list';

/** The file of a checkpoint with the names of the labels, in the order of the head's outputs. */
const LABELS = 'labels.json';

/** The labels of a checkpoint, as `labelFile` wrote them. @throws DataError for another content */
export function savedLabels(context: TaskContext): Promise<readonly string[] | undefined> {
  return savedTexts(context, LABELS);
}

export function labelFile(labels: readonly string[]): ReadonlyMap<string, Uint8Array> {
  return textsFile(LABELS, labels);
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
