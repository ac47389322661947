interface Waiting {
  readonly host: string;
  readonly start: () => void;
}

/** Lets so many pieces of work run at once, and so many of them with one host. Work with a busy host does not keep other work waiting. */
export class HostGate {
  readonly #most: number;
  readonly #mostPerHost: number;
  readonly #busy = new Map<string, number>();
  /** When a host may be asked again, in milliseconds since 1970. */
  readonly #holds = new Map<string, number>();
  readonly #patience: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #running = 0;
  #waiting: Waiting[] = [];

  /** @param patience milliseconds: work with a host that is held for longer does not wait, and has to look at `isClosed` */
  constructor(most: number, mostPerHost: number, patience = 60_000) {
    this.#most = most;
    this.#mostPerHost = mostPerHost;
    this.#patience = patience;
  }

  async run<T>(host: string, work: () => Promise<T>): Promise<T> {
    await new Promise<void>(start => {
      this.#waiting.push({ host, start });
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#running--;
      const left = this.#busy.get(host)! - 1;
      if (left > 0) this.#busy.set(host, left);
      else this.#busy.delete(host);
      this.#startNext();
    }
  }

  /** Starts no work with a host for so long. */
  hold(host: string, milliseconds: number): void {
    this.#holds.set(host, Math.max(this.#holds.get(host) ?? 0, Date.now() + milliseconds));
    if (milliseconds > this.#patience) {
      this.#startNext();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#startNext();
    }, milliseconds + 1);
    this.#timers.add(timer);
  }

  /** Whether a host is held for longer than anybody waits. */
  isClosed(host: string): boolean {
    return this.#heldFor(host) > this.#patience;
  }

  /** Holds no host any more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#holds.clear();
    this.#startNext();
  }

  #heldFor(host: string): number {
    return (this.#holds.get(host) ?? 0) - Date.now();
  }

  #startNext(): void {
    const still: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const { host, start } = waiting;
      const busy = this.#busy.get(host) ?? 0;
      const isHeld = this.#heldFor(host) > 0 && !this.isClosed(host);
      if (this.#running >= this.#most || busy >= this.#mostPerHost || isHeld) still.push(waiting);
      else {
        this.#running++;
        this.#busy.set(host, busy + 1);
        start();
      }
    }
    this.#waiting = still;
  }
}
