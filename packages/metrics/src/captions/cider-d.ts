import { meanOf } from '../mean';
import { meanScores, type Scores } from '../scores';
import type { TokenisedCaption } from './item';
import { countNGrams, wordsOf } from './n-grams';

const ORDERS = 4;
/** Deviation of the length penalty, in words. */
const SIGMA = 6;

/** In how many pictures of a corpus each n-gram occurs: what CIDEr-D weighs n-grams by. */
export interface DocumentFrequencies {
  /** n-gram, words joined by spaces → pictures whose references hold it. */
  readonly counts: ReadonlyMap<string, number>;
  /** Pictures in all. */
  readonly documents: number;
}

/** A line as weighted n-grams. */
interface Vector {
  /** n-gram → weight, at n − 1. */
  readonly weights: readonly ReadonlyMap<string, number>[];
  readonly norms: readonly number[];
  /** Bigrams: what the length penalty counts, as the official code does. */
  readonly length: number;
}

/** n-grams of a line with their counts, at n − 1. */
type NGrams = readonly ReadonlyMap<string, number>[];

/** The document frequencies of a set of pictures: the references of each are one document. */
export function documentFrequencies(
  items: readonly Pick<TokenisedCaption, 'references'>[],
): DocumentFrequencies {
  return frequenciesOf(items.map(({ references }) => references.map(nGramsOf)));
}

/**
 * CIDEr-D (Vedantam et al., 2015) as the evaluation code of COCO computes it. n-grams that many pictures share weigh little: the value depends on the
 * corpus that they are counted in, and one item alone scores 0.
 *
 * @param corpus where n-grams are counted; default: the references of the items themselves, as in the official code
 * @returns ten times a similarity: 0 to 10
 */
export function ciderD(items: readonly TokenisedCaption[], corpus?: DocumentFrequencies): Scores {
  const references = items.map(item => item.references.map(nGramsOf));
  const frequencies = corpus ?? frequenciesOf(references);
  const scores = items.map(({ prediction }, i) => {
    const own = vectorOf(nGramsOf(prediction), frequencies);
    return 10 * meanOf(references[i]!.map(line => meanOf(similarities(own, vectorOf(line, frequencies)))));
  });
  return meanScores(scores);
}

function nGramsOf(line: string): NGrams {
  return countNGrams(wordsOf(line), ORDERS);
}

function frequenciesOf(documents: readonly (readonly NGrams[])[]): DocumentFrequencies {
  const counts = new Map<string, number>();
  for (const lines of documents) {
    const held = new Set<string>();
    for (const maps of lines) for (const map of maps) for (const nGram of map.keys()) held.add(nGram);
    for (const nGram of held) counts.set(nGram, (counts.get(nGram) ?? 0) + 1);
  }
  return { counts, documents: documents.length };
}

function vectorOf(nGrams: NGrams, { counts, documents }: DocumentFrequencies): Vector {
  const all = Math.log(documents);
  const weights: Map<string, number>[] = [];
  const norms: number[] = [];
  for (const map of nGrams) {
    const own = new Map<string, number>();
    let squares = 0;
    for (const [nGram, count] of map) {
      const weight = count * (all - Math.log(Math.max(1, counts.get(nGram) ?? 0)));
      own.set(nGram, weight);
      squares += weight ** 2;
    }
    weights.push(own);
    norms.push(Math.sqrt(squares));
  }
  let length = 0;
  for (const count of nGrams[1]!.values()) length += count;
  return { weights, norms, length };
}

/** For each n: the cosine of two lines, clipped so that repetition earns nothing, times a penalty for another length. */
function similarities(own: Vector, reference: Vector): number[] {
  const penalty = Math.exp(-((own.length - reference.length) ** 2) / (2 * SIGMA ** 2));
  return own.weights.map((weights, k) => {
    let product = 0;
    for (const [nGram, weight] of weights) {
      const other = reference.weights[k]!.get(nGram) ?? 0;
      product += Math.min(weight, other) * other;
    }
    const norm = own.norms[k]! * reference.norms[k]!;
    return (norm === 0 ? product : product / norm) * penalty;
  });
}
