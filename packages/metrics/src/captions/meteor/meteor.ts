import { type Scores, summedScores } from '../../scores';
import type { TokenisedCaption } from '../item';
import type { Resources, Stage } from './matches';
import { meteorWords } from './normalise';
import { addCounts, countMatches, type MeteorCounts, meteorScore, noCounts } from './score';

/** Which stages can be computed with what there is. */
function stagesOf({ wordNet, paraphrases }: Resources): readonly Stage[] {
  return [
    'exact',
    'stem',
    ...(wordNet ? (['synonym'] as const) : []),
    ...(paraphrases ? (['paraphrase'] as const) : []),
  ];
}

/**
 * METEOR 1.5 for English (Denkowski and Lavie, 2014) as the evaluation code of COCO calls it, `-l en -norm`. All four stages make METEOR; fewer make
 * another number, which must not bear the name.
 *
 * Of several references the best counts, the first of equal ones. The corpus has one formula over added counts, which is not the mean of the items.
 *
 * @param items of PTB tokens
 * @returns 0 to 1
 */
export function meteor(items: readonly TokenisedCaption[], resources: Resources = {}): Scores {
  const stages = stagesOf(resources);
  const counts = items.map(({ prediction, references }) => {
    const words = meteorWords(prediction);
    let best: MeteorCounts | undefined;
    for (const reference of references) {
      const next = countMatches(words, meteorWords(reference), stages, resources);
      if (!best || meteorScore(next) > meteorScore(best)) best = next;
    }
    return best!;
  });
  return summedScores(counts, sumOf, meteorScore);
}

function sumOf(list: readonly MeteorCounts[]): MeteorCounts {
  const sum = noCounts();
  for (const counts of list) addCounts(sum, counts);
  return sum;
}

/** Every word of the items as METEOR compares them: what a paraphrase table is read for. */
export function meteorVocabulary(items: readonly TokenisedCaption[]): Set<string> {
  return new Set(
    items.flatMap(({ prediction, references }) => [prediction, ...references].flatMap(meteorWords)),
  );
}
