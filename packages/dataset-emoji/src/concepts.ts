import type { Random } from '@simvlm/core';
import { type EmojiLabel, wordsOf } from './labels';

/** Every word of a held-out concept is left in this many other labels or more. */
const MIN_OTHER_LABELS = 3;

/** A label without skin tones and what decides whether it can be held out. */
export interface Concept {
  readonly label: EmojiLabel;
  /** How many artists of the training set draw it. */
  readonly artists: number;
  readonly hasSkinTones: boolean;
}

/** A concept that fewer artists draw would hardly be measured. */
const MIN_ARTISTS = 3;

/**
 * Chooses concepts to hold out: labels of two or more words whose every word occurs in three or more labels
 * that stay. Taken in random order, each only if that still holds for all of its words after it has left, and so
 * for the words of those taken before. Two kinds are no candidates: emoji with skin tones, whose variants would have
 * to leave too and which the compositions are for; and labels with a colon, which name variants of one emoji
 * (`family: man, boy`) that some artists draw alike.
 *
 * @param concepts one for each label without skin tones that the training artists draw
 * @returns the hexcodes; fewer than `count` when there are no more candidates
 */
export function chooseConcepts(concepts: readonly Concept[], count: number, random: Random): Set<string> {
  const words = concepts.map(({ label }) => new Set(wordsOf(label.label)));
  const labelsWith = new Map<string, number>();
  for (const set of words) for (const word of set) labelsWith.set(word, (labelsWith.get(word) ?? 0) + 1);
  const held = new Set<string>();
  for (const index of random.permutation(concepts.length)) {
    if (held.size >= count) break;
    const { label, artists, hasSkinTones } = concepts[index]!;
    const own = words[index]!;
    if (hasSkinTones || artists < MIN_ARTISTS || own.size < 2 || label.label.includes(':')) continue;
    if ([...own].some(word => labelsWith.get(word)! - 1 < MIN_OTHER_LABELS)) continue;
    for (const word of own) labelsWith.set(word, labelsWith.get(word)! - 1);
    held.add(label.hexcode);
  }
  return held;
}
