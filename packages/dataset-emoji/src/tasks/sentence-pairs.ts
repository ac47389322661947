import type { Random } from '@simvlm/core';
import { type Gloss, glosses, shuffled } from './glosses';
import { withArticle } from './kinds';
import type { TaskExample, TaskSplit } from './task-pictures';
import { readNouns } from './wordnet';

/** Definitions at most, each of which makes two pairs. */
const MOST = { train: 8000, val: 300, test: 300 };
/** How many meanings a hypernym must have below it, and may: rarer ones are not learnt, commoner ones say little. */
const [LEAST_BELOW, MOST_BELOW] = [3000, 12_000];

/** A definition and something that WordNet has above it. */
interface Known {
  readonly gloss: Gloss;
  readonly above: ReadonlySet<string>;
  readonly hypernym: string;
}

/**
 * Sentence pairs: the definition of a noun, and what it may be a kind of; whether it is one. Every definition comes once with each label, and every second
 * sentence as often with one as with the other, so that neither alone says anything.
 *
 * ```
 * { text: '', fields: { sentence1: 'tropical American bird with …', sentence2: 'a kind of animal', label: 'entailment' } }
 * ```
 */
export function sentencePairs(split: TaskSplit, random: Random): TaskExample[] {
  const nouns = readNouns();
  const frequent = new Set(frequentHypernyms());
  const known = shuffled(glosses(split), random.fork('glosses')).flatMap((gloss): Known[] => {
    const above = nouns.above(gloss.synset);
    // The nearest one says most.
    const hypernym = [...above].find(synset => frequent.has(synset));
    return hypernym === undefined ? [] : [{ gloss, above, hypernym }];
  });
  const kept = known.slice(0, MOST[split]);
  const others = exchanged(kept, random.fork('others'));
  const sentence = (hypernym: string) =>
    `${withArticle('kind')} of ${nouns.synsets.get(hypernym)!.words[0]!}`;
  return kept.flatMap(({ gloss, hypernym }, i) =>
    (
      [
        ['entailment', hypernym],
        ['not_entailment', others[i]!],
      ] as const
    ).map(([label, said]) => ({
      ...{ id: `noun-${gloss.synset}-${label}`, text: '' },
      fields: { sentence1: gloss.gloss, sentence2: sentence(said), label },
      pictures: [],
    })),
  );
}

/** Meanings with neither too few nor too many below them. */
function frequentHypernyms(): string[] {
  const nouns = readNouns();
  const counts = new Map<string, number>();
  for (const synset of nouns.synsets.keys())
    for (const above of nouns.above(synset)) counts.set(above, (counts.get(above) ?? 0) + 1);
  return [...counts].flatMap(([synset, count]) =>
    count >= LEAST_BELOW && count <= MOST_BELOW ? [synset] : [],
  );
}

/** The hypernyms of all, dealt anew so that nobody has one that is right: each as often as before. */
function exchanged(known: readonly Known[], random: Random): string[] {
  const dealt = shuffled(
    known.map(({ hypernym }) => hypernym),
    random,
  );
  const isRight = (at: number, hypernym: string) => known[at]!.above.has(hypernym);
  for (const at of dealt.keys()) {
    while (isRight(at, dealt[at]!)) {
      const other = random.integer(dealt.length);
      if (isRight(at, dealt[other]!) || isRight(other, dealt[at]!)) continue;
      [dealt[at], dealt[other]] = [dealt[other]!, dealt[at]!];
    }
  }
  return dealt;
}
