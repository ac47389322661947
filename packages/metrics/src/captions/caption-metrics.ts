import { DataError } from '@simvlm/core';
import { checkItems, predictionProblem, textsProblem } from '../items';
import { captionTokens } from '../ptb/tokenize';
import type { Scores } from '../scores';
import { bleu } from './bleu';
import { ciderD, type DocumentFrequencies } from './cider-d';
import type { CaptionItem, TokenisedCaption } from './item';
import type { Resources } from './meteor/matches';
import { meteor } from './meteor/meteor';
import { rougeL } from './rouge-l';

export interface CaptionMetricsOptions {
  /** Where CIDEr-D counts n-grams; default: the references of the items. */
  readonly corpus?: DocumentFrequencies;
  /** For METEOR's synonym stage; without it there is no METEOR of any kind. */
  readonly wordNet?: NonNullable<Resources['wordNet']>;
  /** For METEOR's paraphrase stage, which makes it METEOR. */
  readonly paraphrases?: NonNullable<Resources['paraphrases']>;
}

/** The metrics of COCO's caption evaluation, fractions but for CIDEr-D. SPICE is not among them: its official program downloads a parser of its own. */
export interface CaptionMetrics {
  readonly bleu1: Scores;
  readonly bleu2: Scores;
  readonly bleu3: Scores;
  readonly bleu4: Scores;
  readonly rougeL: Scores;
  /** 0 to 10 */
  readonly ciderD: Scores;
  /** METEOR 1.5 without paraphrases: lower by about 0.006, and another number for a third of the items. */
  readonly meteorExactStemSynonym?: Scores;
  readonly meteor?: Scores;
}

/**
 * Tokens of captions as the official program makes them, which reads all references, then all predictions.
 *
 * @throws DataError for no items, ids that are missing or doubled, items without a reference, and references of which none has a word
 */
export function tokeniseCaptions(items: readonly CaptionItem[], where = 'captions'): TokenisedCaption[] {
  checkItems(
    where,
    items,
    ({ prediction, references }) => predictionProblem(prediction) ?? textsProblem('references', references),
  );
  const references = captionTokens(items.flatMap(item => item.references));
  const predictions = captionTokens(items.map(item => item.prediction));
  let at = 0;
  const tokenised = items.map((item, i) => ({
    prediction: predictions[i]!,
    references: references.slice(at, (at += item.references.length)),
  }));
  for (const [i, { id }] of items.entries())
    if (tokenised[i]!.references.every(line => line === ''))
      throw new DataError(
        'DATA_INVALID',
        `${where}: item ${i + 1} ("${id}"): none of its references has a word`,
      );
  return tokenised;
}

/** All of them, of tokens. An empty prediction scores 0. */
export function captionMetrics(
  items: readonly TokenisedCaption[],
  { corpus, wordNet, paraphrases }: CaptionMetricsOptions = {},
): CaptionMetrics {
  const [bleu1, bleu2, bleu3, bleu4] = bleu(items);
  return {
    ...{ bleu1, bleu2, bleu3, bleu4, rougeL: rougeL(items), ciderD: ciderD(items, corpus) },
    ...(wordNet && { meteorExactStemSynonym: meteor(items, { wordNet }) }),
    ...(wordNet && paraphrases && { meteor: meteor(items, { wordNet, paraphrases }) }),
  };
}
