/** One job at a time on the device, in the order in which they came; a training lets what waits go first between two steps. */
export class Turns {
  readonly #waiting: (() => Promise<void>)[] = [];
  #isBusy = false;

  /** Runs `job` when all before it are done. */
  run<T>(job: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => job().then(resolve, reject));
      if (!this.#isBusy) void this.#work();
    });
  }

  /** From inside a long job: runs what waits, then goes on. */
  async between(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await next();
    // Without an `await` since nothing waited: what comes in between would wait for ever.
    this.#isBusy = false;
  }
}
