/** Where a run says what people should know. The command line's terminal is one. */
export interface Reporter {
  note(text: string): void;
  warn(text: string): void;
  /** Progress of work; `update` may be called as often as you like. */
  bar(label: string): ProgressBar;
}

export interface ProgressBar {
  /** @param total absent where nobody knows it beforehand */
  update(done: number, total?: number): void;
  stop(): void;
}

/** Tells nobody. */
export const silent: Reporter = {
  note() {},
  warn() {},
  bar: () => ({ update() {}, stop() {} }),
};
