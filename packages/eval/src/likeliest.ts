import { normalizeCaption } from './text-metrics';

export interface Likeliest {
  /** Which candidate: of several that are equally likely one that is not the truth. */
  readonly index: number;
  /** Different captions are equally likely. */
  readonly tied: boolean;
}

/**
 * The candidate with the largest score. A model that cannot tell the truth from another caption has not chosen it, so a tie is never a
 * hit, wherever the truth stands in the list. Captions that differ in case or white space alone are one caption.
 *
 * Candidates with the same tokens count as equally likely: two captions that are equal up to the length that the model reads are the same
 * to it, although rounding may give them different scores.
 *
 * @param candidates texts
 * @param tokens of each candidate, as far as the model reads them
 * @param scores of each candidate; larger is likelier
 */
export function likeliest(
  candidates: readonly string[],
  tokens: readonly Int32Array[],
  scores: readonly number[],
  truth: string,
): Likeliest {
  const first = new Map<string, number>();
  const shared = scores.map((score, i) => {
    const key = tokens[i]!.join();
    if (!first.has(key)) first.set(key, score);
    return first.get(key)!;
  });
  const best = Math.max(...shared);
  const winners = [...candidates.keys()].filter(i => shared[i] === best);
  // Scores that are not numbers make no difference between candidates.
  const chosen = winners.length > 0 ? winners : [...candidates.keys()];
  const wrong = chosen.find(i => normalizeCaption(candidates[i]!) !== normalizeCaption(truth));
  const captions = new Set(chosen.map(i => normalizeCaption(candidates[i]!)));
  return { index: wrong ?? chosen[0]!, tied: captions.size > 1 };
}
