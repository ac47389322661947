import { ConfigError, checkOptions, rule } from '@simvlm/core';
import type { BertText } from '../subword/subword-model';
import type { TrainingProgress } from './options';

export interface SubwordTrainingOptions {
  /** Pieces in all, the special ones and the alphabet included. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not joined. Default 1. */
  readonly minFrequency?: number;
  /** More special tokens, such as `<image>`: they are found in text as one id, and decoding leaves them out. */
  readonly controlSymbols?: readonly string[];
  /** Default true: too little text for `vocabSize` pieces is an error; false: the vocabulary is then smaller. */
  readonly hardVocabLimit?: boolean;
  /** Train on so many lines drawn at random (reservoir sampling); all are kept in memory. Default: on every line. */
  readonly maxLines?: number;
  /** Of that draw, the only random one in training: an integer in [0, 2^53). Default 0. */
  readonly seed?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

export interface WordPieceTrainingOptions extends SubwordTrainingOptions {
  /** Lower-case text and drop its accents. Default true. */
  readonly lowercase?: boolean;
  /** So many characters, the most frequent, get pieces of their own. Default: all. */
  readonly limitAlphabet?: number;
}

export type CheckedSubwordOptions = Required<
  Pick<SubwordTrainingOptions, 'vocabSize' | 'minFrequency' | 'controlSymbols' | 'hardVocabLimit' | 'seed'>
> &
  Pick<WordPieceTrainingOptions, 'maxLines' | 'onProgress' | 'limitAlphabet'> & { readonly text: BertText };

/**
 * @param special tokens that are there anyway
 * @throws ConfigError for unknown or wrong options
 */
export function checkedSubwordOptions(
  trainer: 'trainWordPiece' | 'trainByteBpe',
  options: WordPieceTrainingOptions,
  special: readonly string[],
): CheckedSubwordOptions {
  if (options?.vocabSize === undefined)
    throw new ConfigError('CONFIG_INVALID', `${trainer} needs "vocabSize", the number of pieces`);
  checkOptions(trainer, options, {
    vocabSize: rule.integer(5, 10_000_000),
    minFrequency: rule.integer(1),
    controlSymbols: {
      expected: 'an array of different, non-empty strings that are no special tokens',
      accepts: (value: unknown) =>
        Array.isArray(value) &&
        new Set(value).size === value.length &&
        value.every(
          text => typeof text === 'string' && /^[^\0\p{Surrogate}]+$/u.test(text) && !special.includes(text),
        ),
    },
    hardVocabLimit: rule.boolean,
    maxLines: rule.integer(1),
    seed: rule.integer(0),
    onProgress: { expected: 'a function', accepts: (value: unknown) => typeof value === 'function' },
    ...(trainer === 'trainWordPiece' && { lowercase: rule.boolean, limitAlphabet: rule.integer(1) }),
  });
  const { lowercase = true, maxLines, onProgress, limitAlphabet } = options;
  return {
    vocabSize: options.vocabSize,
    minFrequency: options.minFrequency ?? 1,
    controlSymbols: options.controlSymbols ?? [],
    hardVocabLimit: options.hardVocabLimit ?? true,
    seed: options.seed ?? 0,
    text: { cleanText: true, chineseCharacters: true, stripAccents: lowercase, lowercase },
    ...(maxLines !== undefined && { maxLines }),
    ...(onProgress !== undefined && { onProgress }),
    ...(limitAlphabet !== undefined && { limitAlphabet }),
  };
}
