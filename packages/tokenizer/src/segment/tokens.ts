/**
 * The pieces of a text as they are found: an id, and where the piece ends in the normalised bytes. Used again
 * and again.
 */
export class Tokens {
  ids = new Int32Array(256);
  ends = new Int32Array(256);
  count = 0;
  /** How many of them are the unknown token. */
  unknown = 0;

  clear(): void {
    this.count = 0;
    this.unknown = 0;
  }

  push(id: number, end: number): void {
    if (this.count === this.ids.length) this.reserve(1);
    this.ids[this.count] = id;
    this.ends[this.count++] = end;
  }

  /** Makes room for that many more. */
  reserve(more: number): void {
    if (this.count + more <= this.ids.length) return;
    const [ids, ends] = [this.ids, this.ends];
    this.ids = new Int32Array((this.count + more) * 2);
    this.ends = new Int32Array(this.ids.length);
    this.ids.set(ids);
    this.ends.set(ends);
  }

  /** Gives back what an unusually long text needed. */
  shrink(keep: number): void {
    if (this.ids.length <= keep) return;
    this.ids = new Int32Array(256);
    this.ends = new Int32Array(256);
  }
}
