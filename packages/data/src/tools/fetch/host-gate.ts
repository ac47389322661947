interface Host {
  readonly name: string;
  /** Starts the work that waits, the oldest first. */
  readonly waiting: (() => void)[];
  running: number;
  /** When it may be asked again, in milliseconds since 1970. */
  heldUntil: number;
  /** Runs until then. */
  timer?: NodeJS.Timeout;
}

/** The longest delay of a timer. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Lets so many pieces of work run at once, and so many of them with one host. Work with a busy host does not keep other work waiting. */
export class HostGate {
  readonly #most: number;
  readonly #mostPerHost: number;
  readonly #patience: number;
  /** Those with work, or that are held. */
  readonly #hosts = new Map<string, Host>();
  /** Those whose next work may start; they take turns. */
  readonly #ready = new Set<Host>();
  #running = 0;
  #isOver = false;

  /** @param patience milliseconds: work with a host that is held for longer does not wait, and has to look at `isClosed` */
  constructor(most: number, mostPerHost: number, patience = 60_000) {
    this.#most = most;
    this.#mostPerHost = mostPerHost;
    this.#patience = patience;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const host = this.#host(name);
    await new Promise<void>(start => {
      host.waiting.push(start);
      this.#update(host);
    });
    try {
      return await work();
    } finally {
      this.#running--;
      host.running--;
      this.#update(host);
    }
  }

  /** Starts no work with a host for so long. */
  hold(name: string, milliseconds: number): void {
    if (this.#isOver) return;
    const host = this.#host(name);
    host.heldUntil = Math.max(host.heldUntil, Date.now() + milliseconds);
    this.#wake(host);
    this.#update(host);
  }

  /** Whether a host is held for longer than anybody waits. */
  isClosed(name: string): boolean {
    const host = this.#hosts.get(name);
    return host !== undefined && heldFor(host) > this.#patience;
  }

  /** Holds no host any more. */
  close(): void {
    this.#isOver = true;
    for (const host of this.#hosts.values()) {
      clearTimeout(host.timer);
      host.heldUntil = 0;
      this.#update(host);
    }
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name) ?? { name, waiting: [], running: 0, heldUntil: 0 };
    this.#hosts.set(name, host);
    return host;
  }

  /** Starts what waits when the hold ends, also after one that nobody waited for when it began. */
  #wake(host: Host): void {
    clearTimeout(host.timer);
    host.timer = setTimeout(
      () => (heldFor(host) > 0 ? this.#wake(host) : this.#update(host)),
      Math.min(heldFor(host) + 1, LONGEST_DELAY),
    );
  }

  #update(host: Host): void {
    if (this.#mayStart(host)) this.#ready.add(host);
    else this.#ready.delete(host);
    if (host.waiting.length + host.running === 0 && heldFor(host) <= 0) this.#forget(host);
    this.#startNext();
  }

  #forget(host: Host): void {
    // Its timer must not run on: by then another one may have the name.
    clearTimeout(host.timer);
    this.#hosts.delete(host.name);
  }

  #mayStart(host: Host): boolean {
    const held = heldFor(host);
    return (
      host.waiting.length > 0 && host.running < this.#mostPerHost && (held <= 0 || held > this.#patience)
    );
  }

  #startNext(): void {
    for (const host of this.#ready) {
      if (this.#running >= this.#most) return;
      this.#ready.delete(host);
      // Time has passed: what was held for too long to wait may now be waited for.
      if (!this.#mayStart(host)) continue;
      this.#running++;
      host.running++;
      host.waiting.shift()!();
      // It goes to the end of the set, where this loop finds it again.
      if (this.#mayStart(host)) this.#ready.add(host);
    }
  }
}

function heldFor({ heldUntil }: Host): number {
  return heldUntil - Date.now();
}
