import { breathe } from '@simvlm/core';
import type { SentencePieceTokenizer } from '../tokenizer';
import { type Piece, pieceType } from '../vocabulary';
import { type Corpus, readCorpus } from './corpus';
import { finished, normalizerOf, roomFor } from './model-parts';
import { checkedOptions, fixedPieces, type TrainingOptions } from './options';
import { seedPieces } from './seed-pieces';
import { UnigramEstimator } from './unigram-estimator';

/** Steps of expectation maximisation between two prunings. */
const EM_STEPS = 2;
/** A round of pruning leaves at least this share of the pieces. */
const SHRINK = 0.75;
/** Pruning stops this much above the target; the last cut is by score. */
const SURPLUS = 1.1;

/**
 * Trains a unigram language model tokenizer (Kudo 2018, "Subword Regularization"): frequent substrings as a
 * start, from a suffix array; expectation maximisation; pruning by likelihood. The same lines and options
 * give the same model. Memory grows with the different words of the text.
 *
 * @throws TokenizerError without text, or when `vocabSize` is too small for the characters or too large for
 * the text; ConfigError for unknown or wrong options
 */
export async function trainUnigram(
  lines: Iterable<string> | AsyncIterable<string>,
  options: TrainingOptions,
): Promise<SentencePieceTokenizer> {
  const checked = checkedOptions('trainUnigram', options);
  const normalizer = normalizerOf(checked);
  const fixed = fixedPieces(checked);
  const corpus = await readCorpus(lines, normalizer, fixed, checked);
  const room = roomFor(corpus, fixed, checked);
  const seeds = seedPieces(corpus, checked.maxPieceLength);
  const estimator = new UnigramEstimator(corpus, seeds);
  const target = Math.ceil(checked.vocabSize * SURPLUS);
  for (;;) {
    for (let step = 0; step < EM_STEPS; step++) {
      estimator.reestimate();
      await breathe();
    }
    const { count } = estimator;
    checked.onProgress?.({ stage: 'train', count: count + fixed.length, target: checked.vocabSize });
    if (count <= target) break;
    estimator.prune(Math.max(target, Math.floor(count * SHRINK)));
    // Nothing is left but characters.
    if (estimator.count === count) break;
  }
  return finished('unigram', choose(estimator, seeds, corpus, room), fixed, normalizer, checked);
}

/** Every covered character, then the likeliest other pieces, ordered by score. */
function choose(
  { scores, alive }: UnigramEstimator,
  { places, lengths }: { places: Int32Array; lengths: Uint8Array },
  { characters, text }: Corpus,
  room: number,
): Piece[] {
  const least = scores.reduce((low, score, piece) => (alive[piece] === 1 ? Math.min(low, score) : low), 0);
  // A character that was dropped comes back below all others, the more frequent first.
  const pieces = characters.map((character, piece) => ({
    text: character,
    score: alive[piece] === 1 ? scores[piece]! : least - (piece + 1) * 1e-4,
  }));
  const others: { text: string; score: number }[] = [];
  for (let piece = characters.length; piece < scores.length; piece++) {
    if (alive[piece] === 0) continue;
    const symbols = text.subarray(places[piece]!, places[piece]! + lengths[piece]!);
    others.push({
      text: Array.from(symbols, symbol => characters[symbol - 1]).join(''),
      score: scores[piece]!,
    });
  }
  const byScore = (a: { text: string; score: number }, b: { text: string; score: number }) =>
    b.score - a.score || (a.text < b.text ? -1 : 1);
  const chosen = [...pieces, ...others.sort(byScore).slice(0, room - pieces.length)].sort(byScore);
  // The file holds float32: what was trained and what is read back must score alike.
  return chosen.map(({ text, score }) => ({ text, score: Math.fround(score), type: pieceType.normal }));
}
