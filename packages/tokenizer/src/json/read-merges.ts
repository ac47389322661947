import { PairQueue } from '../segment/pair-queue';
import { type PieceType, pieceType } from '../vocabulary';
import { arrayOf, shown, textOf, unusable } from './json-value';

/** Whole numbers up to here have a float32. */
const MAX_RANKS = 2 ** 24;

interface Vocabulary {
  readonly texts: readonly string[];
  readonly types: readonly PieceType[];
  readonly ids: ReadonlyMap<string, number>;
}

/**
 * Scores with which SentencePiece's BPE does what the listed merges do.
 *
 * SentencePiece joins any neighbours that are a piece together, Hugging Face only listed pairs. Both agree on every text if they
 * agree on the text of every piece: while nothing outside a stretch of text has been joined to it, the merges inside are those of
 * the stretch alone. So the merges are run on each piece. They end with one symbol, and the piece's score is minus the rank of
 * the merge that finished it, the only one by which it ever comes about; or with two, which SentencePiece would join: refused; or
 * with more, and then neither makes the piece. Time: n log n in the length of the pieces.
 *
 * @throws TokenizerError that names the piece
 */
export function readMergeScores(merges: unknown, vocabulary: Vocabulary): Float64Array {
  const { texts, types } = vocabulary;
  const table = new MergeTable(arrayOf(merges, 'model.merges'), vocabulary);
  return Float64Array.from(texts, (text, id) => {
    if (types[id] !== pieceType.normal) return 0;
    const { symbols, rank } = table.run(text);
    if (symbols.length === 2)
      throw unusable(
        `no merge joins ${symbols.map(shown).join(' and ')}, which SentencePiece joins because ${shown(text)} is a piece`,
      );
    // What no merge makes, such as single characters, comes last, each with a score of its own.
    return symbols.length === 1 && rank >= 0 ? 0 - rank : -(table.size + id);
  });
}

class MergeTable {
  readonly size: number;
  readonly #vocabulary: Vocabulary;
  /** Rank of each pair, by left · vocabulary + right. */
  readonly #ranks = new Map<number, number>();
  /** Id of the piece that each merge makes. */
  readonly #products: Int32Array;
  readonly #queue: PairQueue;

  constructor(merges: readonly unknown[], vocabulary: Vocabulary) {
    const { texts, types, ids } = vocabulary;
    this.size = merges.length;
    this.#vocabulary = vocabulary;
    if (merges.length + texts.length > MAX_RANKS)
      throw unusable(`it has more than ${MAX_RANKS} merges and pieces`);
    this.#products = new Int32Array(merges.length);
    for (const [rank, merge] of merges.entries()) {
      const pair: readonly unknown[] =
        typeof merge === 'string' ? merge.split(' ', 3) : arrayOf(merge, `merge ${rank}`);
      if (pair.length !== 2) throw unusable(`merge ${rank} is no pair`);
      const [left, right] = pair.map(text => textOf(text, `merge ${rank}`)) as [string, string];
      const [leftId, rightId, product] = [ids.get(left), ids.get(right), ids.get(left + right)];
      if (leftId === undefined || rightId === undefined || product === undefined)
        throw unusable(`merge ${rank} of ${shown(left)} and ${shown(right)} is not in the vocabulary`);
      for (const id of [leftId, rightId])
        if (types[id] === pieceType.byte || types[id] === pieceType.unknown)
          throw unusable(`merge ${rank} joins ${shown(texts[id])}, which SentencePiece never joins`);
      const key = leftId * texts.length + rightId;
      if (this.#ranks.has(key)) throw unusable(`merge ${rank} stands twice`);
      this.#ranks.set(key, rank);
      this.#products[rank] = product;
    }
    this.#queue = new PairQueue(Float32Array.from(this.#products, (_, rank) => -rank));
  }

  /** Runs the merges on a text: the symbols that are left, and the last merge, −1 if there was none. */
  run(text: string): { symbols: string[]; rank: number } {
    const symbols: (string | undefined)[] = [...text];
    const ids = symbols.map(symbol => this.#vocabulary.ids.get(symbol!) ?? -1);
    const previous = symbols.map((_, i) => i - 1);
    const next = symbols.map((_, i) => i + 1);
    const propose = (left: number, right: number) => {
      if (left < 0 || right >= symbols.length || ids[left]! < 0 || ids[right]! < 0) return;
      const rank = this.#ranks.get(ids[left]! * this.#vocabulary.texts.length + ids[right]!);
      if (rank !== undefined) this.#queue.push(left, rank, right);
    };
    for (let i = 1; i < symbols.length; i++) propose(i - 1, i);
    let last = -1;
    while (this.#queue.take()) {
      // The queue's third number is the right symbol here: with the left one and the rank it tells whether the pair still stands.
      const { left, piece: rank, bytes: right } = this.#queue;
      if (symbols[left] === undefined || next[left] !== right || !this.#stands(ids, left, right, rank))
        continue;
      ids[left] = this.#products[rank]!;
      symbols[left]! += symbols[right]!;
      symbols[right] = undefined;
      const after = (next[left] = next[right]!);
      if (after < symbols.length) previous[after] = left;
      last = rank;
      propose(previous[left]!, left);
      propose(left, after);
    }
    return { symbols: symbols.filter(symbol => symbol !== undefined), rank: last };
  }

  #stands(ids: readonly number[], left: number, right: number, rank: number): boolean {
    return this.#ranks.get(ids[left]! * this.#vocabulary.texts.length + ids[right]!) === rank;
  }
}
