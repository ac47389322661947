import { type Random, type SpecialTokens, type Tokenizer, TokenizerError } from '@simvlm/core';
import { checkModel } from './check-model';
import { type DecodeStream, SentencePieceStream, Surfaces } from './decoder';
import { writeModel } from './model-file/write-model';
import { Normalizer } from './normalizer/normalizer';
import { FinalPieces } from './segment/final-pieces';
import { Lattice } from './segment/lattice';
import { Merges } from './segment/merges';
import { Tokens } from './segment/tokens';
import { type UnigramVocabulary, unigramVocabulary } from './segment/unigram-vocabulary';
import { Viterbi } from './segment/viterbi';
import { WordSegmenter, wordsStandAlone } from './segment/word-segmenter';
import { sentinelIds } from './sentinels';
import { textOf, toUtf8, Utf8Source, utf16Positions } from './utf8';
import { bytePiece, pieceType, SPACE, type TokenizerModel } from './vocabulary';

/** Buffers longer than this are given back after use. */
const KEPT = 2 ** 20;

/** A text cut into pieces. */
export interface Encoding {
  readonly ids: Int32Array;
  /** What the pieces look like, U+2581 for a space; unknown characters stand as they are. */
  readonly pieces: readonly string[];
  /**
   * Two numbers a piece: where the part of the original text that it came from begins and ends, in UTF-16
   * units, as `slice` takes them. Of the byte pieces of one character the last has its range, the others are
   * empty.
   */
  readonly offsets: Int32Array;
}

/** A segmentation and the sum of its pieces' scores, the natural logarithm of its probability. */
export interface Candidate {
  readonly ids: Int32Array;
  readonly score: number;
}

export interface SampleOptions {
  readonly random: Random;
  /**
   * Unigram: segmentations are drawn with probability proportional to P^alpha; 0 makes all alike, a large
   * value the likeliest certain. BPE: the probability, in [0, 1], that a merge is left out. Default 0.1.
   */
  readonly alpha?: number;
  /** Unigram: draw among so many of the likeliest (1 to 512) instead of all. */
  readonly nBest?: number;
}

/**
 * A SentencePiece model at work. It keeps buffers for texts of up to a megabyte and remembers up to 65,536
 * words. Not to be shared between workers; each loads its own.
 */
export class SentencePieceTokenizer implements Tokenizer {
  readonly model: TokenizerModel;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #normalizer: Normalizer;
  /** One of the two is there. */
  readonly #unigram: UnigramVocabulary | undefined;
  readonly #merges: Merges | undefined;
  /** Cuts whole texts. */
  readonly #segment: (bytes: Uint8Array, length: number, tokens: Tokens) => void;
  readonly #final: FinalPieces;
  readonly #surfaces: Surfaces;
  readonly #source = new Utf8Source();
  readonly #tokens = new Tokens();

  /** Ids of the sentinels `<extra_id_0>`, `<extra_id_1>`, … of span corruption; `withSentinels` adds them to a model. */
  readonly sentinels: readonly number[];

  /** @throws TokenizerError for a model that contradicts itself */
  constructor(model: TokenizerModel) {
    this.#ids = checkModel(model);
    this.model = model;
    this.sentinels = sentinelIds(this.#ids);
    const symbols = model.pieces.filter(({ type }) => type === pieceType.userDefined).map(({ text }) => text);
    this.#normalizer = new Normalizer(model.normalizer, symbols, model.whitespaceSuffix);
    if (model.algorithm === 'unigram') this.#unigram = unigramVocabulary(model);
    else this.#merges = new Merges(model);
    const segmenter = this.#merges ?? new Viterbi(this.#unigram!);
    // How far rounding can carry a sum is known only where all scores have one sign.
    const isBounded = !this.#unigram?.scores.some(score => score > 0);
    if (isBounded && wordsStandAlone(model)) {
      const words = new WordSegmenter(segmenter, model, this.#unigram?.scores);
      this.#segment = (bytes, length, tokens) => words.segment(bytes, length, tokens);
    } else this.#segment = (bytes, length, tokens) => segmenter.segment(bytes, 0, length, 0, tokens);
    this.#final = new FinalPieces(model, this.#ids);
    const denormalizer = model.denormalizer && new Normalizer(model.denormalizer);
    this.#surfaces = new Surfaces(model, denormalizer && (text => normalized(denormalizer, text)));
  }

  get vocabSize(): number {
    return this.model.pieces.length;
  }

  /** Ids of the special tokens; −1 for one that the model does not have. */
  get special(): SpecialTokens {
    return this.model.special;
  }

  /**
   * The ids of a text, without special tokens; the empty text has none. A lone surrogate is read as U+FFFD.
   *
   * @throws TokenizerError for a text beyond 256 MiB
   */
  encode(text: string): Int32Array {
    this.#encode(text);
    const ids = this.#finalIds(this.#tokens, this.#tokens.unknown > 0);
    this.#shrink();
    return ids;
  }

  /** How many tokens a text has. */
  countTokens(text: string): number {
    return this.encode(text).length;
  }

  /** The pieces of a text; unknown characters stand as they are. */
  encodePieces(text: string): readonly string[] {
    return this.encodeWithOffsets(text).pieces;
  }

  /** The ids of a text, their pieces, and where in the text they come from. */
  encodeWithOffsets(text: string): Encoding {
    this.#encode(text, true);
    const { bytes, origins } = this.#normalizer;
    const positions = utf16Positions(text, this.#source.length);
    const ids: number[] = [];
    const pieces: string[] = [];
    const offsets: number[] = [];
    this.#final.visit(this.#tokens, bytes, (id, begin, end, byte) => {
      ids.push(id);
      pieces.push(byte < 0 ? textOf(bytes, begin, end) : bytePiece(byte));
      offsets.push(positions[origins[begin]!]!, positions[origins[end]!]!);
    });
    this.#shrink();
    return { ids: Int32Array.from(ids), pieces, offsets: Int32Array.from(offsets) };
  }

  /**
   * The `n` likeliest segmentations (1 to 512), the likeliest first; fewer when the text has fewer.
   *
   * @throws TokenizerError for a BPE model, which knows one segmentation only
   */
  nBest(text: string, n: number): Candidate[] {
    if (!Number.isInteger(n) || n < 1 || n > 512)
      throw new RangeError(`n must be an integer from 1 to 512, got ${n}`);
    if (this.#unigram === undefined)
      throw new TokenizerError(
        'TOKENIZER_INVALID',
        'a BPE model knows one segmentation only; use encode, or sample, which leaves merges out',
      );
    return this.#lattice(text, this.#unigram)
      .nBest(n)
      .map(({ ids, ends, score }) => ({ ids: this.#finalIds({ ids, ends, count: ids.length }), score }));
  }

  /**
   * The ids of one segmentation drawn at random: subword regularisation (Kudo 2018) or BPE-dropout (Provilkov
   * et al. 2020). Memory and time grow with the text and the pieces that fit in it: meant for lines, not for
   * books.
   */
  sample(text: string, { random, alpha = 0.1, nBest }: SampleOptions): Int32Array {
    if (!(alpha >= 0) || (this.#merges && alpha > 1))
      throw new RangeError(`alpha must be ≥ 0, and ≤ 1 for BPE, got ${alpha}`);
    this.#tokens.clear();
    if (this.#merges !== undefined) {
      this.#normalize(text);
      const { bytes, length } = this.#normalizer;
      this.#merges.segmentWithDropout(bytes, length, () => random.uniform() < alpha, this.#tokens);
    } else if (nBest === undefined)
      this.#lattice(text, this.#unigram!).sample(alpha, () => random.uniform(), this.#tokens);
    else return drawn(this.nBest(text, nBest), alpha, random);
    return this.#finalIds(this.#tokens);
  }

  /**
   * The text of ids: control tokens are left out, byte pieces joined as UTF-8 (what is no UTF-8 becomes
   * U+FFFD), the dummy space removed.
   *
   * @throws TokenizerError when an id is outside the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    const stream = new SentencePieceStream(this.#surfaces);
    let text = '';
    for (let i = 0; i < ids.length; i++) text += stream.push(ids[i]!);
    return text + stream.end();
  }

  /**
   * As `decode`, for pieces; what is no piece stands for itself, so that pieces with unknown characters give
   * the text back.
   */
  decodePieces(pieces: Iterable<string>): string {
    const stream = new SentencePieceStream(this.#surfaces);
    let text = '';
    for (const piece of pieces) {
      const id = this.#ids.get(piece);
      text += id === undefined ? stream.pushUnknown(piece) : stream.push(id);
    }
    return text + stream.end();
  }

  /** Decodes ids as they come, as in generation. */
  decodeStream(): DecodeStream {
    return new SentencePieceStream(this.#surfaces);
  }

  /** @throws TokenizerError when the id is outside the vocabulary */
  pieceOf(id: number): string {
    return this.#surfaces.pieceOf(id).text;
  }

  idOf(piece: string): number | undefined {
    return this.#ids.get(piece);
  }

  /** Whether a piece begins a word. @throws TokenizerError when the id is outside the vocabulary */
  beginsWord(id: number): boolean {
    return this.pieceOf(id).startsWith(SPACE);
  }

  /** The model as the bytes of a SentencePiece `.model` file. */
  save(): Uint8Array {
    return writeModel(this.model);
  }

  #normalize(text: string, withOrigins = false): void {
    this.#source.write(text);
    this.#normalizer.normalize(this.#source.bytes, this.#source.length, withOrigins);
  }

  #encode(text: string, withOrigins = false): void {
    this.#normalize(text, withOrigins);
    this.#tokens.clear();
    this.#segment(this.#normalizer.bytes, this.#normalizer.length, this.#tokens);
  }

  #lattice(text: string, unigram: UnigramVocabulary): Lattice {
    this.#normalize(text);
    return new Lattice(unigram, this.#normalizer.bytes, this.#normalizer.length);
  }

  #finalIds(
    found: { ids: ArrayLike<number>; ends: ArrayLike<number>; count: number },
    hasUnknown = true,
  ): Int32Array {
    if (!hasUnknown) return this.#tokens.ids.slice(0, found.count);
    const ids: number[] = [];
    this.#final.visit(found, this.#normalizer.bytes, id => ids.push(id));
    return Int32Array.from(ids);
  }

  #shrink(): void {
    this.#source.shrink(KEPT);
    this.#normalizer.shrink(KEPT);
    this.#tokens.shrink(KEPT);
  }
}

function drawn(candidates: readonly Candidate[], alpha: number, random: Random): Int32Array {
  const best = candidates[0]!.score;
  const weights = candidates.map(({ score }) => Math.exp(alpha * (score - best)));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex(weight => (left -= weight) < 0);
  return candidates[Math.max(index, 0)]!.ids;
}

function normalized(normalizer: Normalizer, text: string): string {
  const source = toUtf8(text);
  normalizer.normalize(source, source.length);
  return textOf(normalizer.bytes, 0, normalizer.length);
}
