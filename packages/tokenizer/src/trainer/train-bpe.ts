import { breathe } from '@simvlm/core';
import type { SentencePieceTokenizer } from '../tokenizer';
import { type Piece, pieceType } from '../vocabulary';
import { readCorpus } from './corpus';
import { MergeLearner } from './merge-learner';
import { finished, normalizerOf, roomFor } from './model-parts';
import { checkedOptions, fixedPieces, type TrainingOptions } from './options';

const PROGRESS_EVERY = 500;

/**
 * Trains a byte-pair encoding (Sennrich et al. 2016): the most frequent pair of neighbours becomes a piece,
 * again and again. The same lines and options give the same model. Memory grows with
 * the different words of the text.
 *
 * @throws TokenizerError without text, or when `vocabSize` is too small for the characters or too large for
 * the text; ConfigError for unknown or wrong options
 */
export async function trainBpe(
  lines: Iterable<string> | AsyncIterable<string>,
  options: TrainingOptions,
): Promise<SentencePieceTokenizer> {
  const checked = checkedOptions('trainBpe', options);
  const normalizer = normalizerOf(checked);
  const fixed = fixedPieces(checked);
  const corpus = await readCorpus(lines, normalizer, fixed, checked);
  const room = roomFor(corpus, fixed, checked) - corpus.characters.length;
  const learner = new MergeLearner(corpus, checked.maxPieceLength);
  const texts: string[] = [];
  for (let text = room > 0 ? learner.next() : undefined; text !== undefined; text = learner.next()) {
    texts.push(text);
    if (texts.length === room) break;
    if (texts.length % PROGRESS_EVERY === 0) {
      const count = fixed.length + corpus.characters.length + texts.length;
      checked.onProgress?.({ stage: 'train', count, target: checked.vocabSize });
      await breathe();
    }
  }
  // As in the original the score is minus the rank, and characters come last.
  const pieces = [...texts, ...corpus.characters].map(
    (text, rank): Piece => ({ text, score: rank === 0 ? 0 : -rank, type: pieceType.normal }),
  );
  return finished('bpe', pieces, fixed, normalizer, checked);
}
