import type { SpecialTokens } from '@simvlm/core';

/** A token that is cut out of the text before all else. */
export interface AddedToken {
  readonly id: number;
  readonly text: string;
  /** Decoding leaves it out. */
  readonly special: boolean;
  /** Only where no letter, digit or underscore stands next to it. */
  readonly singleWord: boolean;
  /** White space before it, behind it, belongs to it. */
  readonly stripLeft: boolean;
  readonly stripRight: boolean;
  /** It is looked for in what the others leave. */
  readonly normalized: boolean;
}

/** What WordPiece and byte-level BPE have in common. */
export interface SubwordModel {
  /** Pieces by id, without the added tokens that are behind them. */
  readonly vocabulary: readonly string[];
  /** Tokens that are found in text before all else, those of the vocabulary among them. */
  readonly added: readonly AddedToken[];
  /** Ids of the special tokens, −1 for one that the model lacks; two of them may be one token. */
  readonly special: SpecialTokens;
}

/** How BERT's basic tokenizer changes text. */
export interface BertText {
  /** Drop control characters and U+FFFD, and make every white space a space. */
  readonly cleanText: boolean;
  /** Every ideograph is a word. */
  readonly chineseCharacters: boolean;
  /** Decompose characters (NFD) and drop accents. */
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** A WordPiece vocabulary with BERT's basic tokenizer. */
export interface WordPieceModel extends SubwordModel {
  readonly algorithm: 'wordpiece';
  readonly text: BertText;
  /** Before a piece that goes on with a word: `##`. */
  readonly prefix: string;
  /** A word of more code points is the unknown token. */
  readonly maxWordLength: number;
  readonly decoding: WordPieceDecoding;
}

export interface WordPieceDecoding {
  /** Drop the space before each of the tokens `. ? ! ,`: `cleanup` of a tokenizer.json. */
  readonly joinPunctuation: boolean;
  /** Drop it around apostrophes too, as in "dog's": `clean_up_tokenization_spaces` of a tokenizer_config.json. */
  readonly cleanUpSpaces: boolean;
}

/** GPT-2's byte-pair encoding over the bytes of UTF-8. */
export interface ByteBpeModel extends SubwordModel {
  readonly algorithm: 'byte-bpe';
  /** Pairs of ids, in the order in which they are joined; the piece of both texts together takes their place. */
  readonly merges: readonly (readonly [number, number])[];
  /** The id for a byte that has no piece, −1: such a byte is left out. */
  readonly unknown: number;
  /** Put a space before a text that has none. */
  readonly prefixSpace: boolean;
}
