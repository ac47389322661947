import type { DecodeStream } from '../decoder';
import type { WordPieceDecoding } from '../subword/subword-model';

/** What BERT's decoder joins, in this order. */
const JOINED = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

/** Joins words with spaces and pieces of a word without. */
export class WordPieceStream implements DecodeStream {
  readonly #pieceOf: (id: number) => string;
  readonly #hidden: ReadonlySet<number>;
  readonly #prefix: string;
  readonly #decoding: WordPieceDecoding;
  #isFirst = true;
  /** Spaces around an apostrophe depend on what follows: the text is only known at the end. */
  #held = '';

  constructor(
    pieceOf: (id: number) => string,
    hidden: ReadonlySet<number>,
    prefix: string,
    decoding: WordPieceDecoding,
  ) {
    this.#pieceOf = pieceOf;
    this.#hidden = hidden;
    this.#prefix = prefix;
    this.#decoding = decoding;
  }

  push(id: number): string {
    const piece = this.#pieceOf(id);
    if (this.#hidden.has(id)) return '';
    let text = piece;
    if (!this.#isFirst)
      text = piece.startsWith(this.#prefix) ? piece.slice(this.#prefix.length) : ` ${piece}`;
    this.#isFirst = false;
    if (this.#decoding.joinPunctuation) text = joined(text);
    if (!this.#decoding.cleanUpSpaces) return text;
    this.#held += text;
    return '';
  }

  end(): string {
    const text = joined(this.#held);
    this.#held = '';
    this.#isFirst = true;
    return text;
  }
}

function joined(text: string): string {
  let result = text;
  for (const [apart, together] of JOINED) result = result.replaceAll(apart, together);
  return result;
}
