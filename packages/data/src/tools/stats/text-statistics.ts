import type { Tokenizer } from '@simvlm/core';
import { compact } from '../../readers/columns';
import { ContentSet } from './content-set';
import { type Distribution, ValueCounter } from './distribution';

/** Of all texts of one kind, such as captions or questions. */
export interface TextStatistics {
  readonly count: number;
  /** Texts that differ. */
  readonly distinct: number;
  /** Length in characters (code points). */
  readonly letters: Distribution;
  /** Length in tokens, where there is a tokenizer. */
  readonly tokens?: Distribution;
  /** Share of the unknown token among all tokens, 0 to 1, where there is a tokenizer. */
  readonly unknownShare?: number;
}

/** Texts of one kind as they come. */
export class TextCounter {
  readonly #tokenizer: Tokenizer | undefined;
  readonly #contents = new ContentSet();
  readonly #letters = new ValueCounter();
  readonly #tokens = new ValueCounter();
  #all = 0;
  #unknown = 0;

  constructor(tokenizer: Tokenizer | undefined) {
    this.#tokenizer = tokenizer;
  }

  add(text: string): void {
    this.#contents.add(text);
    this.#letters.add(characters(text));
    if (!this.#tokenizer) return;
    const ids = this.#tokenizer.encode(text);
    this.#tokens.add(ids.length);
    this.#all += ids.length;
    for (const id of ids) if (id === this.#tokenizer.special.unk) this.#unknown++;
  }

  /** Undefined where there was none. */
  statistics(): TextStatistics | undefined {
    const letters = this.#letters.distribution();
    return (
      letters &&
      compact({
        count: this.#letters.count,
        distinct: this.#contents.distinct(),
        letters,
        tokens: this.#tokens.distribution(),
        unknownShare: this.#all > 0 ? this.#unknown / this.#all : undefined,
      })
    );
  }
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
