import { ConfigError, Random } from '@simvlm/core';

/**
 * Splits examples into some to train on and some to validate on. All captions of a picture stay on one side: what is validated on was never
 * seen.
 *
 * @param keys for each example what tells its picture from others
 * @param share of the pictures that is split off, from 0 to 1; at least one picture on each side
 * @throws ConfigError for fewer than two pictures
 */
export function splitOff(
  keys: readonly string[],
  share: number,
  seed: number,
): { readonly train: number[]; readonly val: number[] } {
  const pictures = [...new Set(keys)];
  if (pictures.length < 2)
    throw new ConfigError(
      'CONFIG_INVALID',
      `"data.valShare" splits pictures, and there ${pictures.length === 1 ? 'is 1' : 'are none'}: leave it out, or give "data.val"`,
    );
  const count = Math.min(pictures.length - 1, Math.max(1, Math.round(share * pictures.length)));
  const order = Random.fromSeed(seed).fork('validation').permutation(pictures.length);
  const chosen = new Set(Array.from(order.subarray(0, count), place => pictures[place]!));
  const indices = [...keys.keys()];
  return {
    train: indices.filter(index => !chosen.has(keys[index]!)),
    val: indices.filter(index => chosen.has(keys[index]!)),
  };
}
