import { newStemmer } from 'snowball-stemmers';
import type { Paraphrases } from './paraphrases';
import type { WordNet } from './wordnet';

/** Ways for words to match, in the order in which METEOR tries them. */
export type Stage = 'exact' | 'stem' | 'synonym' | 'paraphrase';

/** Words of a prediction that match words of a reference. */
export interface Match {
  readonly stage: Stage;
  /** In the reference. */
  readonly start: number;
  readonly length: number;
  /** In the prediction. */
  readonly from: number;
  readonly count: number;
}

/** What the stages need beside the words. */
export interface Resources {
  readonly wordNet?: WordNet | undefined;
  readonly paraphrases?: Paraphrases | undefined;
}

/** All possible matches, by their start in the reference. Identical lines use exact ones only. */
export function matchesOf(
  prediction: readonly string[],
  reference: readonly string[],
  stages: readonly Stage[],
  { wordNet, paraphrases }: Resources,
): Match[][] {
  const found: Match[][] = reference.map(() => []);
  const words = (stage: Stage, same: (own: string, other: string) => boolean) => {
    for (const [start, other] of reference.entries())
      for (const [from, own] of prediction.entries())
        if (same(own, other)) found[start]!.push({ stage, start, length: 1, from, count: 1 });
  };
  words('exact', (own, other) => own === other);
  if (prediction.join(' ') === reference.join(' ')) return found;
  if (stages.includes('stem')) words('stem', (own, other) => own !== other && stem(own) === stem(other));
  if (stages.includes('synonym') && wordNet)
    words(
      'synonym',
      (own, other) => own !== other && intersect(wordNet.synsets(own), wordNet.synsets(other)),
    );
  if (stages.includes('paraphrase') && paraphrases) {
    for (const start of reference.keys())
      for (const { length, others } of paraphrases.at(reference, start))
        for (const from of placesOf(others, prediction))
          found[start]!.push({ stage: 'paraphrase', start, length, from, count: others.length });
    for (const from of prediction.keys())
      for (const { length, others } of paraphrases.at(prediction, from))
        for (const start of placesOf(others, reference))
          found[start]!.push({ stage: 'paraphrase', start, length: others.length, from, count: length });
  }
  return found;
}

const english = newStemmer('english');
const stems = new Map<string, string>();

function stem(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const made = english.stem(word);
  stems.set(word, made);
  return made;
}

function intersect(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const each of a) if (b.has(each)) return true;
  return false;
}

/** Where a phrase stands in a line. */
function* placesOf(phrase: readonly string[], line: readonly string[]): Generator<number> {
  for (const place of line.keys()) if (phrase.every((word, i) => line[place + i] === word)) yield place;
}
