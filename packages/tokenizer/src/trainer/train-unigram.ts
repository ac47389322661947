import { ConfigError, checkOptions, rule, TokenizerError } from '@simvlm/core';
import { UnigramTokenizer } from '../unigram-tokenizer';
import { bytePiece, type NormalizerSettings, type Piece, pieceType } from '../vocabulary';
import { readCorpus } from './corpus';
import { seedPieces } from './seed-pieces';
import { initialModel, prune, reestimate, type UnigramModel } from './unigram-model';

export interface TrainUnigramOptions {
  /** Pieces in all, the special ones included. */
  readonly vocabSize: number;
  /** Share of the characters in the text that get a piece of their own, in (0, 1]. Default 0.9995. */
  readonly characterCoverage?: number;
  /** Spell characters without a piece as UTF-8 bytes: 256 more pieces. Default false. */
  readonly byteFallback?: boolean;
  /** Texts that are always one piece, such as `<image>`. */
  readonly userDefinedSymbols?: readonly string[];
  /** Default `nfkc`. */
  readonly normalization?: NormalizerSettings['name'];
  /** Default true: too little text for `vocabSize` pieces is an error; false: the vocabulary is then smaller. */
  readonly hardVocabLimit?: boolean;
  /** Called before each round with the number of pieces left. */
  readonly onProgress?: (progress: { readonly pieces: number; readonly target: number }) => void;
}

const SPECIAL = { pad: 0, unk: 1, bos: 2, eos: 3 };
/** A round of pruning leaves at least this share of the pieces. */
const SHRINK = 0.75;
/** Pruning stops this much above the target; the last cut is by score. */
const SURPLUS = 1.1;

/**
 * Trains a unigram language model tokenizer (Kudo 2018, "Subword Regularization"): frequent substrings as a start, expectation
 * maximisation, pruning by likelihood. It draws no random numbers: the same lines give the same model. Memory grows with the number
 * of different words (about 1 kB each while the start is counted).
 *
 * @throws TokenizerError without text, or when `vocabSize` is too small for the characters or too large for the text;
 * ConfigError for unknown or wrong options
 */
export async function trainUnigram(
  lines: Iterable<string> | AsyncIterable<string>,
  options: TrainUnigramOptions,
): Promise<UnigramTokenizer> {
  const { vocabSize, characterCoverage, byteFallback, userDefinedSymbols, name, onProgress } =
    checked(options);
  const normalizer: NormalizerSettings = { name, addDummyPrefix: true, removeExtraWhitespaces: true };
  const { words, characters } = await readCorpus(lines, {
    normalizer,
    characterCoverage,
    userDefinedSymbols,
  });
  const fixed = fixedPieces(userDefinedSymbols, byteFallback);
  const room = vocabSize - fixed.length;
  if (room < characters.length)
    throw new TokenizerError(
      'TOKENIZER_TRAINING',
      `vocabSize ${vocabSize} is too small: ${characters.length} characters and ${fixed.length} special pieces need ${characters.length + fixed.length}`,
    );

  const seeds = seedPieces(words);
  for (const symbol of userDefinedSymbols) seeds.delete(symbol);
  let model = initialModel(seeds);
  const target = Math.ceil(room * SURPLUS);
  for (;;) {
    onProgress?.({ pieces: model.texts.length, target: room });
    model = reestimate(model, words);
    if (model.texts.length <= target) break;
    const smaller = prune(model, words, Math.max(target, Math.floor(model.texts.length * SHRINK)));
    // Only pieces that nothing can replace are left.
    if (smaller.texts.length === model.texts.length) break;
    model = smaller;
  }
  const chosen = choose(model, characters, room);
  if (chosen.length < room && options.hardVocabLimit !== false)
    throw new TokenizerError(
      'TOKENIZER_TRAINING',
      `vocabSize ${vocabSize} is too large for this text: it gives ${chosen.length + fixed.length} pieces; ask for fewer, or pass hardVocabLimit: false`,
    );
  return new UnigramTokenizer({ pieces: [...fixed, ...chosen], special: SPECIAL, normalizer, byteFallback });
}

/** Every covered character, then the likeliest other pieces; ordered by score. */
function choose({ texts, scores }: UnigramModel, characters: readonly string[], room: number): Piece[] {
  const scoreOf = new Map(texts.map((text, id) => [text, scores[id]!]));
  const least = scores.reduce((low, score) => Math.min(low, score), 0);
  // A character that expectation maximisation dropped comes back below all others, the more frequent first.
  const pieces = characters.map((text, rank) => ({
    text,
    score: scoreOf.get(text) ?? least - (rank + 1) * 1e-4,
  }));
  const required = new Set(characters);
  const others = [...scoreOf]
    .filter(([text]) => !required.has(text))
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, room - pieces.length);
  for (const [text, score] of others) pieces.push({ text, score });
  pieces.sort((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1));
  // The file holds float32: what was trained and what is read back must score alike.
  return pieces.map(({ text, score }) => ({ text, score: Math.fround(score), type: pieceType.normal }));
}

function fixedPieces(userDefinedSymbols: readonly string[], byteFallback: boolean): Piece[] {
  const piece = (text: string, type: Piece['type']): Piece => ({ text, score: 0, type });
  return [
    piece('<pad>', pieceType.control),
    piece('<unk>', pieceType.unknown),
    piece('<s>', pieceType.control),
    piece('</s>', pieceType.control),
    ...userDefinedSymbols.map(symbol => piece(symbol, pieceType.userDefined)),
    ...Array.from({ length: byteFallback ? 256 : 0 }, (_, byte) => piece(bytePiece(byte), pieceType.byte)),
  ];
}

function checked(options: TrainUnigramOptions) {
  if (options?.vocabSize === undefined)
    throw new ConfigError('CONFIG_INVALID', 'trainUnigram needs "vocabSize", the number of pieces');
  checkOptions('trainUnigram', options, {
    vocabSize: rule.integer(5, 10_000_000),
    characterCoverage: rule.number(Number.MIN_VALUE, 1),
    byteFallback: rule.boolean,
    userDefinedSymbols: {
      expected: 'an array of different, non-empty strings that are no special pieces',
      accepts: (value: unknown) =>
        Array.isArray(value) &&
        new Set(value).size === value.length &&
        value.every(
          text => typeof text === 'string' && text !== '' && !/^<(pad|unk|s|\/s|0x[0-9A-F]{2})>$/.test(text),
        ),
    },
    normalization: rule.oneOf('nfkc', 'identity'),
    hardVocabLimit: rule.boolean,
    onProgress: { expected: 'a function', accepts: (value: unknown) => typeof value === 'function' },
  });
  const {
    characterCoverage = 0.9995,
    byteFallback = false,
    userDefinedSymbols = [],
    normalization,
  } = options;
  const { vocabSize, onProgress } = options;
  return {
    vocabSize,
    characterCoverage,
    byteFallback,
    userDefinedSymbols,
    name: normalization ?? 'nfkc',
    onProgress,
  };
}
