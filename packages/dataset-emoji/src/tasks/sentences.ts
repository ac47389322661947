import type { Random } from '@simvlm/core';
import { balanced, groupBy } from './balance';
import { type Gloss, glosses } from './glosses';
import type { TaskExample, TaskSplit } from './task-pictures';

/** The lexicographer files that are told apart, with their numbers. */
const CATEGORIES = new Map([
  [4, 'act'],
  [5, 'animal'],
  [6, 'artifact'],
  [10, 'communication'],
  [15, 'location'],
  [18, 'person'],
  [20, 'plant'],
  [26, 'state'],
]);

/** Of each category, at most. */
const MOST = { train: 1200, val: 50, test: 50 };

/**
 * Single sentences: the definition of a noun, and which of WordNet's categories it belongs to; as many of each.
 *
 * ```
 * { text: 'tropical American bird with …', fields: { sentence1: 'tropical American bird with …', label: 'animal' } }
 * ```
 */
export function sentences(split: TaskSplit, random: Random): TaskExample[] {
  const byCategory = groupBy([...CATEGORIES.values()], glosses(split), ({ category }: Gloss) =>
    CATEGORIES.get(category),
  );
  return balanced(byCategory, random, MOST[split]).map(([label, { synset, gloss }]) => ({
    ...{ id: `noun-${synset}`, text: gloss, fields: { sentence1: gloss, label } },
    pictures: [],
  }));
}
