/** A caption beside what people wrote of the same picture. */
export interface CaptionItem {
  readonly id: string;
  readonly prediction: string;
  /** One or more. */
  readonly references: readonly string[];
}

/** The same as the tokens that are compared, joined by single spaces. */
export interface TokenisedCaption {
  readonly prediction: string;
  readonly references: readonly string[];
}
