import { printable } from '@simvlm/core';
import cliProgress from 'cli-progress';
import pc from 'picocolors';

/**
 * What people see. Results go to standard output; progress, notes and errors to standard error, so that a pipe
 * carries results only. Without a terminal, live lines become one plain line every few seconds.
 *
 * Whatever is printed may name files, ids and captions that anyone wrote: control characters in it are escaped.
 */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  #lineOpen = false;
  #lastPlain = 0;
  #silent = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#live = stream.isTTY === true && process.env.TERM !== 'dumb';
  }

  get width(): number {
    return this.#stream.columns ?? 110;
  }

  /** Nothing but errors from now on: of several processes that do the same, one tells of it. */
  silence(): void {
    this.#silent = true;
  }

  heading(text: string): void {
    this.#tell(`\n${pc.bold(printableLines(text))}`);
  }

  note(text: string): void {
    this.#tell(printableLines(text));
  }

  warn(text: string): void {
    this.#tell(`${pc.yellow('warning')} ${printableLines(text)}`);
  }

  error(text: string): void {
    this.#print(`${pc.red('error')} ${printableLines(text)}`);
  }

  /** Replaces the live line; without a terminal prints at most one line every ten seconds. */
  live(text: string): void {
    if (this.#silent) return;
    const line = printable(text);
    if (this.#live) {
      this.#stream.write(`\r\x1b[2K${line.slice(0, this.width - 1)}`);
      this.#lineOpen = true;
    } else if (Date.now() - this.#lastPlain >= 10_000) {
      this.#lastPlain = Date.now();
      this.#stream.write(`${line}\n`);
    }
  }

  /** A progress bar, or a count where nobody knows the total; `update` may be called as often as you like. */
  bar(label: string): { update(done: number, total?: number): void; stop(): void } {
    this.#endLine();
    const start = Date.now();
    if (!this.#live || this.#silent) {
      let finished = false;
      return {
        update: (done, total) => {
          if (total === undefined) this.live(`${label} ${done}`);
          else if (done < total) this.live(`${label} ${done}/${total}`);
          else finished = true;
        },
        stop: () => {
          if (finished) this.note(`${label}: done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
        },
      };
    }
    const bar = new cliProgress.SingleBar({
      format: `${label} {bar} {percentage}% · {value}/{total} · {eta} s left`,
      stream: this.#stream,
      hideCursor: true,
      barsize: 28,
    });
    let started = false;
    return {
      update: (done, total) => {
        if (total === undefined) {
          this.live(`${label} ${done.toLocaleString('en')}`);
          return;
        }
        if (!started) bar.start(total, done);
        else bar.update(done);
        started = true;
      },
      stop() {
        if (started) bar.stop();
      },
    };
  }

  #tell(text: string): void {
    if (!this.#silent) this.#print(text);
  }

  #print(text: string): void {
    this.#endLine();
    this.#stream.write(`${text}\n`);
  }

  #endLine(): void {
    if (this.#lineOpen) this.#stream.write('\n');
    this.#lineOpen = false;
  }
}

/** Results, one line each, for people and for pipes; a table is several lines. JSON stays the same JSON. */
export function printLine(text: string): void {
  process.stdout.write(`${printableLines(text)}\n`);
}

/** Lines of our own making, and within each nothing that a terminal obeys. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** `3 min 05 s`, `42 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `12.3 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
