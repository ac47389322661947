import { Trie } from './trie';
import { type Piece, pieceType } from './vocabulary';

/** SentencePiece's penalty: an unknown character scores this much below the worst piece. */
const UNKNOWN_PENALTY = 10;

/** Finds the likeliest segmentation of a text (Viterbi), with buffers that are used again. Linear in the text's length. */
export class Segmenter {
  readonly #trie: Trie;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  #best = new Float64Array(0);
  #from = new Int32Array(0);
  #piece = new Int32Array(0);

  constructor(pieces: readonly Piece[]) {
    this.#trie = new Trie(pieces.length * 4);
    this.#scores = Float64Array.from(pieces, ({ score }) => score);
    const normal = pieces.filter(({ type }) => type === pieceType.normal).map(({ score }) => score);
    const [least, most] = normal.reduce(
      ([low, high], score) => [Math.min(low, score), Math.max(high, score)],
      [0, Number.NEGATIVE_INFINITY],
    );
    this.#unknownScore = least - UNKNOWN_PENALTY;
    for (const [id, { text, type }] of pieces.entries()) {
      if (type !== pieceType.normal && type !== pieceType.userDefined) continue;
      if (text !== '') this.#trie.set(text, id);
      // Above any segmentation of the same text, as SentencePiece scores them.
      if (type === pieceType.userDefined) this.#scores[id] = [...text].length * Math.max(most, -1e3) - 0.1;
    }
  }

  /**
   * Calls `emit` for each piece from the left: its id (−1 for a character that no piece has) and where it begins and ends.
   */
  segment(text: string, emit: (id: number, begin: number, end: number) => void): void {
    const length = text.length;
    this.#reserve(length + 1);
    const [best, from, piece] = [this.#best, this.#from, this.#piece];
    best.fill(Number.NEGATIVE_INFINITY, 0, length + 1);
    best[0] = 0;
    for (let begin = 0; begin < length; begin++) {
      if (best[begin] === Number.NEGATIVE_INFINITY) continue;
      const base = best[begin]!;
      const character = begin + characterLength(text, begin);
      let single = false;
      let node = this.#trie.child(Trie.root, text.charCodeAt(begin));
      for (let end = begin + 1; node >= 0; end++) {
        const id = this.#trie.value(node);
        if (id >= 0) {
          if (end === character) single = true;
          const score = base + this.#scores[id]!;
          if (score > best[end]!) {
            best[end] = score;
            from[end] = begin;
            piece[end] = id;
          }
        }
        node = end < length ? this.#trie.child(node, text.charCodeAt(end)) : -1;
      }
      if (!single && base + this.#unknownScore > best[character]!) {
        best[character] = base + this.#unknownScore;
        from[character] = begin;
        piece[character] = -1;
      }
    }
    this.#emit(length, emit);
  }

  /** Walks back from the end, then emits forwards. */
  #emit(length: number, emit: (id: number, begin: number, end: number) => void): void {
    const [best, from, piece] = [this.#best, this.#from, this.#piece];
    // The scores are of no more use: the place of each end's successor goes there.
    for (let end = length; end > 0; end = from[end]!) best[from[end]!] = end;
    for (let begin = 0; begin < length; ) {
      const end = best[begin]!;
      emit(piece[end]!, begin, end);
      begin = end;
    }
  }

  #reserve(size: number): void {
    if (this.#best.length >= size) return;
    const capacity = Math.max(256, 2 ** Math.ceil(Math.log2(size)));
    this.#best = new Float64Array(capacity);
    this.#from = new Int32Array(capacity);
    this.#piece = new Int32Array(capacity);
  }
}

/** UTF-16 units of the character that begins here. */
export function characterLength(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && at + 1 < text.length ? 2 : 1;
}
