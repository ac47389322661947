/** What a worker tells of its specs, in their order. `index` counts all specs, of all workers. */
export type Message =
  | { readonly kind: 'started'; readonly index: number; readonly name: string }
  | { readonly kind: 'done'; readonly index: number; readonly outcome: Outcome }
  /** What failed beside the specs: before, between or after those of a suite. */
  | { readonly kind: 'suite'; readonly outcome: Outcome }
  /** All specs are through. */
  | { readonly kind: 'end' };

/** How a spec ended. */
export interface Outcome {
  readonly name: string;
  /** Why it failed, line by line; empty where it passed. */
  readonly failures: readonly string[];
}

/** Which specs a worker runs. */
export interface Share {
  readonly environment: string;
  /** The bundle of all specs. */
  readonly bundle: string;
  /** Top-level suites number `worker`, `worker + workers`, … */
  readonly worker: number;
  readonly workers: number;
  /** Specs before this one are through. */
  readonly from: number;
  /** Only specs whose names contain it. */
  readonly only: string;
  /** Seconds after which a spec that waits for something fails. */
  readonly timeout: number;
}
