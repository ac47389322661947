interface AheadOptions<D, T> {
  /** Things in work, or made and not yet taken, at most. */
  readonly limit: number;
  /** The next thing to work on: called again when it has answered. */
  readonly draw: () => Promise<D>;
  /** Called for several things at a time. */
  readonly work: (drawn: D) => Promise<T>;
}

/**
 * Work on several things at a time. Results come in the order of the draws, whichever is done first, and an error comes when its turn does. After
 * a draw that failed there is no other.
 */
export class Ahead<D, T> {
  readonly #queue: Promise<T>[] = [];
  #drawn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(private readonly options: AheadOptions<D, T>) {}

  async next(): Promise<T> {
    this.#fill();
    const first = this.#queue.shift();
    if (!first) throw new Error('what was made ahead has been dropped');
    try {
      return await first;
    } finally {
      this.#fill();
    }
  }

  /** Drops what is in work, and draws no more. */
  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  #fill(): void {
    while (!this.#isClosed && this.#queue.length < this.options.limit) this.#queue.push(this.#make());
  }

  #make(): Promise<T> {
    const { draw, work } = this.options;
    const drawn = this.#drawn.then(() => {
      if (this.#isClosed) throw new Error('what was made ahead has been dropped');
      return draw();
    });
    this.#drawn = drawn;
    const made = drawn.then(work);
    // The error belongs to whoever asks for this result; until then it must not count as unhandled.
    made.catch(() => {});
    return made;
  }
}
