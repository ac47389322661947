/** Ids of a text as they are found. Used again and again. */
export class Ids {
  list = new Int32Array(256);
  count = 0;

  push(id: number): void {
    if (this.count === this.list.length) this.reserve(1);
    this.list[this.count++] = id;
  }

  /** Makes room for that many more. */
  reserve(more: number): void {
    if (this.count + more <= this.list.length) return;
    const larger = new Int32Array((this.count + more) * 2);
    larger.set(this.list);
    this.list = larger;
  }

  /** Gives back what an unusually long text needed. */
  shrink(keep: number): void {
    if (this.list.length > keep) this.list = new Int32Array(256);
  }
}
