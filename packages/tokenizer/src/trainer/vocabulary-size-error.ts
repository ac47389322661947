import { TokenizerError } from '@simvlm/core';

/**
 * A vocabulary of the size asked for that the text cannot give. A program that offers `vocabSize` under another name can say
 * with the numbers what to ask for instead.
 */
export class VocabularySizeError extends TokenizerError {
  /** What was asked for, in pieces. */
  readonly vocabSize: number;
  /** The smallest size that works, when `vocabSize` is below it. */
  readonly least: number | undefined;
  /** The largest size that the text gives, when `vocabSize` is above it. */
  readonly most: number | undefined;

  constructor(message: string, size: { vocabSize: number; least?: number; most?: number }) {
    super('TOKENIZER_VOCAB_SIZE', message);
    this.vocabSize = size.vocabSize;
    this.least = size.least;
    this.most = size.most;
  }
}
