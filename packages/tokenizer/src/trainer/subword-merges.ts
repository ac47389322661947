import { breathe } from '@simvlm/core';
import { type MergeCorpus, type MergeRule, PairLearner } from './pair-learner';
import type { CheckedSubwordOptions } from './subword-options';
import { VocabularySizeError } from './vocabulary-size-error';

const PROGRESS_EVERY = 500;

/** What was learnt: texts by id, and the pairs of ids that were joined, in their order. */
export interface SubwordMerges {
  readonly vocabulary: readonly string[];
  readonly merges: readonly (readonly [number, number])[];
}

/**
 * Byte-pair encoding as Hugging Face trains it: of equally frequent pairs the one whose ids are the least comes first, the left before
 * the right; a text that is a piece already stays that piece, whatever it is joined of; pieces have no greatest length.
 *
 * @param symbols texts of the special tokens and of the alphabet: of symbol s that of s − 1
 * @param prefix what pieces inside a word begin with
 * @throws VocabularySizeError when the alphabet does not fit in, or the text gives too few pieces
 */
export async function learnMerges(
  corpus: MergeCorpus,
  symbols: readonly string[],
  prefix: string,
  { vocabSize, minFrequency, hardVocabLimit, onProgress }: CheckedSubwordOptions,
): Promise<SubwordMerges> {
  if (vocabSize < symbols.length)
    throw new VocabularySizeError(
      `vocabSize ${vocabSize} is too small: the special tokens and the alphabet need ${symbols.length}; ask for more`,
      { vocabSize, least: symbols.length },
    );
  const rule = new SubwordRule(symbols, prefix);
  const learner = new PairLearner(corpus, rule, minFrequency);
  const merges = new Map<string, readonly [number, number]>();
  for (let count = 1; rule.texts.length <= vocabSize; count++) {
    const merge = learner.next();
    if (merge === undefined) break;
    const pair = [merge.left - 1, merge.right - 1] as const;
    // A pair that comes again is joined where it comes last.
    merges.delete(pair.join());
    merges.set(pair.join(), pair);
    if (count % PROGRESS_EVERY === 0) {
      onProgress?.({ stage: 'train', count: rule.texts.length - 1, target: vocabSize });
      await breathe();
    }
  }
  const vocabulary = rule.texts.slice(1);
  if (vocabulary.length < vocabSize && hardVocabLimit)
    throw new VocabularySizeError(
      `vocabSize ${vocabSize} is too large for this text: it gives ${vocabulary.length} pieces; ask for fewer, or pass hardVocabLimit: false`,
      { vocabSize, most: vocabulary.length },
    );
  return { vocabulary, merges: [...merges.values()] };
}

class SubwordRule implements MergeRule {
  readonly keepsCounts = true;
  /** The text of each symbol; symbol 0 is the end of a word. */
  readonly texts: string[];
  readonly #symbols = new Map<string, number>();
  readonly #prefix: string;

  constructor(symbols: readonly string[], prefix: string) {
    this.texts = ['', ...symbols];
    this.#prefix = prefix;
    for (const [i, text] of symbols.entries()) this.#symbols.set(text, i + 1);
  }

  goTogether(): boolean {
    return true;
  }

  symbolOf(left: number, right: number): number {
    const behind = this.texts[right]!;
    const text =
      this.texts[left]! + (behind.startsWith(this.#prefix) ? behind.slice(this.#prefix.length) : behind);
    const known = this.#symbols.get(text);
    if (known !== undefined) return known;
    const symbol = this.texts.push(text) - 1;
    this.#symbols.set(text, symbol);
    return symbol;
  }

  isFirst(left: number, right: number, otherLeft: number, otherRight: number): boolean {
    return left < otherLeft || (left === otherLeft && right < otherRight);
  }
}
