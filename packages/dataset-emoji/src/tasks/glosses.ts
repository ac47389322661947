import { hashText, type Random } from '@simvlm/core';
import { readCatalog } from '../catalog';
import { phraseMatcher } from '../documents';
import { wordsOf } from '../labels';
import { chooseHeldOut, heldOutLabels } from '../splits';
import type { TaskSplit } from './task-pictures';
import { readNouns, type Synset } from './wordnet';

/** A noun's definition. */
export interface Gloss extends Synset {
  readonly synset: string;
}

/** Longer definitions would lose their ends in a model that reads two dozen tokens. */
const MOST_WORDS = 12;
const LEAST_WORDS = 3;
/** Of a hundred words those that are in `val`, and as many in `test`. */
const SHARE = 5;

/**
 * The definitions of WordNet's nouns that belong to a split. All meanings of a word are in one split, and a definition that names a held-out emoji is
 * in none.
 */
export function glosses(split: TaskSplit): Gloss[] {
  const { labels, pictures } = readCatalog();
  const isHeldOut = phraseMatcher(heldOutLabels(labels, chooseHeldOut(pictures)));
  const found: Gloss[] = [];
  for (const [synset, { words, gloss, ...rest }] of readNouns().synsets) {
    const { length } = wordsOf(gloss);
    if (length < LEAST_WORDS || length > MOST_WORDS || splitOf(words[0]!) !== split) continue;
    if (!isHeldOut(`${words.join(', ')}: ${gloss}`)) found.push({ synset, words, gloss, ...rest });
  }
  return found;
}

/** In an order that hangs on the draw alone. */
export function shuffled<T>(members: readonly T[], random: Random): T[] {
  return Array.from(random.permutation(members.length), place => members[place]!);
}

function splitOf(word: string): TaskSplit {
  const place = Number(hashText(word.toLowerCase()) % 100);
  return place < SHARE ? 'val' : place < 2 * SHARE ? 'test' : 'train';
}
