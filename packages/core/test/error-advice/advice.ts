/** What docs/errors.md says of a code, in Markdown. */
export interface Advice {
  /** What went wrong, in a sentence. */
  readonly means: string;
  /** Messages that carry the code; `…` stands for what differs each time. Each stands in the sources like this. */
  readonly messages: readonly string[];
  /** What to do about it. */
  readonly todo: string;
}
