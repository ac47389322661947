import { ConfigError } from '@simvlm/core';

/**
 * The splits to read of those that a folder has, in the folder's order.
 *
 * @param wanted `train`, or `train+restval` for two; undefined for all
 * @throws ConfigError for one that is not there
 */
export function chosenSplits(
  folder: string,
  splits: readonly string[],
  wanted: string | undefined,
): readonly string[] {
  if (wanted === undefined) return splits;
  const names = wanted.split('+');
  const unknown = names.find(name => !splits.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${folder} has no split "${unknown}"; its splits: ${splits.join(', ') || 'none'}`,
    );
  return splits.filter(split => names.includes(split));
}
