import type { Corpus } from './corpus';
import { type MergeRule, PairLearner } from './pair-learner';
import { joinedScript, scriptOf } from './script';

/** SentencePiece's byte-pair encoding in training: pieces have one script and a greatest length. */
export class MergeLearner implements MergeRule {
  readonly keepsCounts = false;
  /** The text of each symbol; symbol 0 is the end of a word. */
  readonly texts: string[];
  readonly #lengths: number[];
  readonly #scripts: number[];
  readonly #maxLength: number;
  readonly #learner: PairLearner;

  constructor(corpus: Corpus, maxLength: number) {
    this.texts = ['', ...corpus.characters];
    this.#lengths = this.texts.map(character => (character === '' ? 0 : 1));
    this.#scripts = this.texts.map(character => (character === '' ? -1 : scriptOf(character)));
    this.#maxLength = maxLength;
    this.#learner = new PairLearner(corpus, this);
  }

  /**
   * Joins the most frequent pair everywhere; returns the new symbol's text, or undefined when no pair is
   * left.
   */
  next(): string | undefined {
    const merge = this.#learner.next();
    return merge && this.texts[merge.symbol];
  }

  goTogether(left: number, right: number): boolean {
    return (
      this.#lengths[left]! + this.#lengths[right]! <= this.#maxLength &&
      joinedScript(this.#scripts[left]!, this.#scripts[right]!) >= 0
    );
  }

  /** No other pair has this text: the characters of a piece decide how it is joined. */
  symbolOf(left: number, right: number): number {
    this.#lengths.push(this.#lengths[left]! + this.#lengths[right]!);
    this.#scripts.push(joinedScript(this.#scripts[left]!, this.#scripts[right]!));
    return this.texts.push(this.texts[left]! + this.texts[right]!) - 1;
  }

  /** Of equals the shorter, then the lesser text, as in the original. */
  isFirst(left: number, right: number, otherLeft: number, otherRight: number): boolean {
    const lengths = this.#lengths;
    const difference = lengths[left]! + lengths[right]! - lengths[otherLeft]! - lengths[otherRight]!;
    if (difference !== 0) return difference < 0;
    return this.texts[left]! + this.texts[right]! < this.texts[otherLeft]! + this.texts[otherRight]!;
  }
}
