/**
 * Pairs of neighbours that are a piece together; the greatest score comes first, the leftmost of equals. A
 * binary heap.
 */
export class PairQueue {
  // The pair that `take` took.
  /** Index of the left symbol. */
  left = 0;
  /** Id of the piece that both are together. */
  piece = 0;
  /** Bytes of both; when they are no longer as many, one of them has been joined to something else. */
  bytes = 0;

  readonly #scores: Float32Array;
  #lefts = new Int32Array(64);
  #pieces = new Int32Array(64);
  #sizes = new Int32Array(64);
  #count = 0;

  /** @param scores of all pieces */
  constructor(scores: Float32Array) {
    this.#scores = scores;
  }

  push(left: number, piece: number, bytes: number): void {
    if (this.#count === this.#lefts.length) this.#allocate(this.#count * 2);
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(left, piece, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, left, piece, bytes);
  }

  /** Takes the first pair out into the fields; false when there is none. */
  take(): boolean {
    if (this.#count === 0) return false;
    this.left = this.#lefts[0]!;
    this.piece = this.#pieces[0]!;
    this.bytes = this.#sizes[0]!;
    const last = --this.#count;
    const left = this.#lefts[last]!;
    const piece = this.#pieces[last]!;
    const bytes = this.#sizes[last]!;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.#before(this.#lefts[child + 1]!, this.#pieces[child + 1]!, child)) child++;
      if (this.#before(left, piece, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, left, piece, bytes);
    return true;
  }

  /** Gives back what an unusually long text needed. */
  shrink(keep: number): void {
    if (this.#lefts.length > keep) this.#allocate(64);
  }

  #before(left: number, piece: number, other: number): boolean {
    const difference = this.#scores[piece]! - this.#scores[this.#pieces[other]!]!;
    return difference > 0 || (difference === 0 && left < this.#lefts[other]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#lefts[from]!, this.#pieces[from]!, this.#sizes[from]!);
  }

  #put(at: number, left: number, piece: number, bytes: number): void {
    this.#lefts[at] = left;
    this.#pieces[at] = piece;
    this.#sizes[at] = bytes;
  }

  #allocate(capacity: number): void {
    const enlarged = (old: Int32Array) => {
      const array = new Int32Array(capacity);
      array.set(old.subarray(0, this.#count));
      return array;
    };
    this.#lefts = enlarged(this.#lefts);
    this.#pieces = enlarged(this.#pieces);
    this.#sizes = enlarged(this.#sizes);
  }
}
