import type { EmojiItem } from '../items';
import type { Nouns } from './wordnet';

/** Numbers of WordNet's lexicographer files, by Unicode's groups: which meaning of a word an emoji shows. */
const CATEGORIES: Readonly<Record<string, readonly number[]>> = {
  // Animals and plants.
  'animals-nature': [5, 20],
  // Food, plants, artifacts such as cups.
  'food-drink': [13, 20, 6],
  // Persons.
  'people-body': [18],
  // Artifacts, locations, objects.
  'travel-places': [6, 15, 17],
  activities: [6],
  // Artifacts, what is written.
  objects: [6, 10],
};

/** What an emoji shows, in WordNet's terms. */
export interface Concept {
  /** The meaning of the noun, and the noun; absent of a person of whom nothing is said but hair and gesture. */
  readonly synset?: string;
  readonly noun?: string;
  /** Of a person: `open` where the same picture comes as a man and as a woman, too; absent where it does not apply. */
  readonly gender?: 'man' | 'woman' | 'open';
}

/** Labels that say no more of a person than how it looks. */
const PLAIN = /^(person|man|woman)(: .* hair|: beard|: bald|)$/;

/**
 * Tells the concepts of emoji, or `undefined` where WordNet has no noun for one and no person is seen.
 *
 * @param labels of all emoji: whether `cook` comes as `man cook`, too
 */
export function conceptReader(nouns: Nouns, labels: Iterable<string>) {
  const known = new Set(labels);
  return ({ group, subgroup, baseLabel }: EmojiItem): Concept | undefined => {
    const categories = CATEGORIES[group];
    if (!categories) return undefined;
    if (group === 'people-body' && !subgroup.startsWith('person')) return undefined;
    const label = baseLabel.toLowerCase();
    const [, gender, role] = /^(man|woman)\b ?(.*)$/.exec(label) ?? [];
    const isOpen = label.startsWith('person') || known.has(`man ${label}`);
    const person: Pick<Concept, 'gender'> = gender
      ? { gender: gender as 'man' | 'woman' }
      : isOpen
        ? { gender: 'open' }
        : {};
    if (subgroup === 'person') return PLAIN.test(label) ? person : undefined;
    if (subgroup === 'person-gesture') return person.gender ? person : undefined;
    // `dog face` shows what `dog` does.
    const noun = role ?? (group === 'animals-nature' ? label.replace(/ face$/, '') : label);
    const synset = nouns.senses(noun).find(each => categories.includes(nouns.synsets.get(each)!.category));
    return synset === undefined ? undefined : { synset, noun, ...person };
  };
}
