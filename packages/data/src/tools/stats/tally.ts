/** Names that are counted one by one; the rest of a longer list is counted together. */
const MOST_NAMES = 100_000;

/** How often names come up. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #others = 0;

  /** Times that a name came up that is not among the first 100,000. */
  get others(): number {
    return this.#others;
  }

  add(name: string): void {
    const count = this.#counts.get(name);
    if (count === undefined && this.#counts.size >= MOST_NAMES) this.#others++;
    else this.#counts.set(name, (count ?? 0) + 1);
  }

  /** The most frequent first; those that are as frequent in the order of their first appearance. */
  byCount(): [name: string, count: number][] {
    return [...this.#counts].sort(([, a], [, b]) => b - a);
  }
}
