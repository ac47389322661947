/** Where a run says what people should know. The command line's terminal is one. */
export interface Reporter {
  note(text: string): void;
  warn(text: string): void;
  /** Progress of work that knows its total; `update` may be called as often as you like. */
  bar(label: string): ProgressBar;
}

export interface ProgressBar {
  update(done: number, total: number): void;
  stop(): void;
}

/** Tells nobody. */
export const silent: Reporter = {
  note() {},
  warn() {},
  bar: () => ({ update() {}, stop() {} }),
};
