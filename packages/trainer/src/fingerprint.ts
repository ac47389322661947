import type { PrefixLmBatch } from '@simvlm/core';

/**
 * A number below 2²⁴, which float32 holds exactly, that differs where the rows of two steps differ (but for one case in 16 million):
 * processes compare theirs. FNV-1a over ids, tokens and prefix lengths.
 */
export function batchFingerprint(parts: readonly PrefixLmBatch[]): number {
  let hash = START;
  for (const { tokens, prefixLengths, ids } of parts) {
    for (const token of tokens) hash = mixed(hash, token);
    for (const length of prefixLengths) hash = mixed(hash, length);
    hash = textHash(ids.join('\n'), hash);
  }
  return (hash ^ (hash >>> 24)) & 0xffffff;
}

/** FNV-1a of a text: an int32. */
export function textHash(text: string, start = START): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = mixed(hash, text.charCodeAt(i));
  return hash;
}

const START = 0x811c9dc5 | 0;

function mixed(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193);
}
