import { buildDoubleArray } from '../double-array-builder';
import { sortedKeys } from '../text-trie';
import { toUtf8 } from '../utf8';
import { characterRules, type NormalizationRule } from './rules';
import { SharedNodes } from './shared-nodes';

const compiled = new Map<NormalizationRule, Uint8Array>();

/**
 * The compiled map of a rule as `.model` files hold it; empty for `identity`. Made once, in about half a
 * second, and kept.
 */
export function charMapOf(rule: NormalizationRule): Uint8Array {
  let map = compiled.get(rule);
  if (map === undefined) compiled.set(rule, (map = compileCharMap(characterRules(rule))));
  return map;
}

/** Compiles what replaces what (source → replacement) to the form that `CharMap` and SentencePiece read. */
export function compileCharMap(rules: ReadonlyMap<string, string>): Uint8Array {
  if (rules.size === 0) return new Uint8Array(0);
  // A replacement that several sources share is written once.
  const places = new Map<string, number>();
  let size = 0;
  for (const replacement of rules.values()) {
    if (places.has(replacement)) continue;
    places.set(replacement, size);
    size += toUtf8(replacement).length + 1;
  }
  const sources = [...rules.keys()];
  const { keys, order } = sortedKeys(sources);
  const values = order.map(index => places.get(rules.get(sources[index]!)!)!);
  const trie = buildDoubleArray(keys, values, new SharedNodes(keys, values));
  const blob = new Uint8Array(4 + trie.length * 4 + size);
  const view = new DataView(blob.buffer);
  view.setUint32(0, trie.length * 4, true);
  for (const [i, unit] of trie.entries()) view.setInt32(4 + i * 4, unit, true);
  for (const [replacement, place] of places) blob.set(toUtf8(replacement), 4 + trie.length * 4 + place);
  return blob;
}
