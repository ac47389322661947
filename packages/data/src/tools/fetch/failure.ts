/** Why a picture was not fetched, as a report counts it: `http 404`, `timeout`, `not a picture`, … */
export class FetchFailure extends Error {
  /** Another try may better it. */
  readonly passes: boolean;
  /** Milliseconds that the server asks to wait. */
  readonly waitFor: number | undefined;

  constructor(
    reason: string,
    { passes = false, waitFor }: { passes?: boolean; waitFor?: number | undefined } = {},
  ) {
    super(reason);
    this.passes = passes;
    this.waitFor = waitFor;
  }
}
