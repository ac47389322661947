import { ConfigError, type OrderOptions, type Random, type Share } from '@simvlm/core';

/** The options of an order with its share. @throws ConfigError for a share or a window that is none */
export function checkedOrder({ share = { rank: 0, size: 1 }, random, shuffle }: OrderOptions): {
  readonly share: Share;
  readonly random: Random;
  readonly shuffle: number | false | undefined;
} {
  const { rank, size } = share;
  if (!Number.isSafeInteger(size) || size < 1 || !Number.isSafeInteger(rank) || rank < 0 || rank >= size)
    throw new ConfigError('CONFIG_INVALID', `a share is 0 ≤ rank < size, not rank ${rank} of ${size}`);
  if (shuffle !== undefined && shuffle !== false && !(Number.isSafeInteger(shuffle) && shuffle > 0))
    throw new ConfigError(
      'CONFIG_INVALID',
      `shuffle is false or a number of records, at least 1, not ${shuffle}`,
    );
  return { share, random, shuffle };
}
