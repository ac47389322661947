import { ConfigError, checkOptions, rule } from '@simvlm/core';
import { type NormalizationRule, normalizationRules } from '../normalizer/rules';
import { bytePiece, type Piece, pieceType } from '../vocabulary';

/** How far training has come. */
export interface TrainingProgress {
  /**
   * `read`: `count` lines so far. `train`: `count` pieces, falling (unigram) or growing (BPE) to `target`.
   */
  readonly stage: 'read' | 'train';
  readonly count: number;
  readonly target?: number;
}

export interface TrainingOptions {
  /** Pieces in all, the special ones included. */
  readonly vocabSize: number;
  /** Share of the characters in the text that get a piece of their own, in (0, 1]. Default 0.9995. */
  readonly characterCoverage?: number;
  /** Spell characters without a piece as UTF-8 bytes: 256 more pieces. Default false. */
  readonly byteFallback?: boolean;
  /**
   * Texts such as `<image>` that get a piece of their own, without spaces. BPE finds them before all else; in unigram they win
   * over all but the likeliest other pieces, as in the original.
   */
  readonly userDefinedSymbols?: readonly string[];
  /** Pieces that no text gives, such as `<2de>`; decoding leaves them out. */
  readonly controlSymbols?: readonly string[];
  /** How text is normalised, in training and ever after. Default `nmt_nfkc`. */
  readonly normalization?: NormalizationRule;
  /** Characters of the longest piece, 1 to 64. Default 16. */
  readonly maxPieceLength?: number;
  /**
   * Default true: too little text for `vocabSize` pieces is an error; false: the vocabulary is then smaller.
   */
  readonly hardVocabLimit?: boolean;
  /**
   * Train on so many lines drawn at random (reservoir sampling); all are kept in memory. Default: on every
   * line.
   */
  readonly maxLines?: number;
  /** Of that draw, the only random one in training: an integer in [0, 2^53). Default 0. */
  readonly seed?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

export type CheckedOptions = Required<Omit<TrainingOptions, 'onProgress' | 'maxLines'>> &
  Pick<TrainingOptions, 'onProgress' | 'maxLines'>;

/** The ids of the special tokens in every model that is trained here. */
export const SPECIAL = { pad: 0, unk: 1, bos: 2, eos: 3 } as const;
const SPECIAL_NAMES = ['<pad>', '<unk>', '<s>', '</s>'];

/** @throws ConfigError for unknown or wrong options */
export function checkedOptions(trainer: string, options: TrainingOptions): CheckedOptions {
  if (options?.vocabSize === undefined)
    throw new ConfigError('CONFIG_INVALID', `${trainer} needs "vocabSize", the number of pieces`);
  const symbols = {
    expected: 'an array of different, non-empty strings without spaces that are no special pieces',
    accepts: (value: unknown) =>
      Array.isArray(value) && new Set(value).size === value.length && value.every(isSymbol),
  };
  checkOptions(trainer, options, {
    vocabSize: rule.integer(5, 10_000_000),
    characterCoverage: rule.number(Number.MIN_VALUE, 1),
    byteFallback: rule.boolean,
    userDefinedSymbols: symbols,
    controlSymbols: symbols,
    normalization: rule.oneOf(...normalizationRules),
    maxPieceLength: rule.integer(1, 64),
    hardVocabLimit: rule.boolean,
    maxLines: rule.integer(1),
    seed: rule.integer(0),
    onProgress: { expected: 'a function', accepts: (value: unknown) => typeof value === 'function' },
  });
  // What is absent and what is undefined are the same.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const checked: CheckedOptions = {
    characterCoverage: 0.9995,
    byteFallback: false,
    userDefinedSymbols: [],
    controlSymbols: [],
    normalization: 'nmt_nfkc',
    maxPieceLength: 16,
    hardVocabLimit: true,
    seed: 0,
    ...(given as unknown as TrainingOptions),
  };
  const twice = checked.controlSymbols.find(symbol => checked.userDefinedSymbols.includes(symbol));
  if (twice !== undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${trainer}: "${twice}" stands in both controlSymbols and userDefinedSymbols; a piece is one or the other`,
    );
  return checked;
}

/** The pieces that are not learned, in the order of their ids. */
export function fixedPieces({ controlSymbols, userDefinedSymbols, byteFallback }: CheckedOptions): Piece[] {
  const piece = (text: string, type: Piece['type']): Piece => ({ text, score: 0, type });
  return [
    ...SPECIAL_NAMES.map((text, id) =>
      piece(text, id === SPECIAL.unk ? pieceType.unknown : pieceType.control),
    ),
    ...controlSymbols.map(text => piece(text, pieceType.control)),
    ...userDefinedSymbols.map(text => piece(text, pieceType.userDefined)),
    ...Array.from({ length: byteFallback ? 256 : 0 }, (_, byte) => piece(bytePiece(byte), pieceType.byte)),
  ];
}

function isSymbol(text: unknown): boolean {
  return (
    typeof text === 'string' &&
    text !== '' &&
    !/[ \0\p{Surrogate}]/u.test(text) &&
    !SPECIAL_NAMES.includes(text) &&
    !/^<0x[0-9A-F]{2}>$/.test(text)
  );
}
