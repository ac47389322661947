import { ConfigError, Random } from '@simvlm/core';

/**
 * The pictures that are split off for validation, in the order in which they are drawn: any number from the first on is an even draw, too.
 *
 * @param pictures what tells each from the others
 * @param share of them that is split off, from 0 to 1; at least one stays, and at least one is split off
 * @throws ConfigError for fewer than two pictures
 */
export function splitOff(pictures: ReadonlySet<string>, share: number, seed: number): string[] {
  const { size } = pictures;
  if (size < 2)
    throw new ConfigError(
      'CONFIG_INVALID',
      `"data.valShare" splits pictures, and there ${size === 1 ? 'is 1' : 'are none'}: leave it out, or give "data.val"`,
    );
  const count = Math.min(size - 1, Math.max(1, Math.round(share * size)));
  const order = Random.fromSeed(seed).fork('validation').permutation(size);
  const all = [...pictures];
  return Array.from(order.subarray(0, count), place => all[place]!);
}
