import type { DoubleArray } from './double-array';
import { buildDoubleArray } from './double-array-builder';

const encoder = new TextEncoder();

/**
 * A trie of different, non-empty texts.
 *
 * @param values of the texts, in [0, 2^31); default their places in the list
 */
export function textTrie(texts: readonly string[], values?: ArrayLike<number>): DoubleArray {
  const { keys, order } = sortedKeys(texts);
  return buildDoubleArray(
    keys,
    order.map(index => values?.[index] ?? index),
  );
}

/** The UTF-8 of texts in ascending order of its bytes, and the place that each has in the list. */
export function sortedKeys(texts: readonly string[]): { keys: Uint8Array[]; order: Uint32Array } {
  const bytes = utf8Keys(texts);
  const order = Uint32Array.from(texts, (_, index) => index);
  order.sort((a, b) => compareBytes(bytes[a]!, bytes[b]!));
  return { keys: Array.from(order, index => bytes[index]!), order };
}

/** UTF-8 of many texts, as parts of one buffer: a buffer for each would cost more than all else here. */
function utf8Keys(texts: readonly string[]): Uint8Array[] {
  const bytes = new Uint8Array(3 * texts.reduce((sum, text) => sum + text.length, 0));
  let at = 0;
  return texts.map(text => bytes.subarray(at, (at += encoder.encodeInto(text, bytes.subarray(at)).written)));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
