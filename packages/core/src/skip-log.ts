import type { JsonValue, SkipReport } from './contracts';
import { DataError, ImageError } from './errors';

/** Reasons that are kept in full; the other samples are counted. */
const REASONS = 20;

/**
 * Notes which samples could not be used, each one once however often it is drawn. A file that several samples need, such as a picture
 * with five captions, counts once too.
 */
export class SkipLog {
  #draws = 0;
  #reasons: string[] = [];
  #samples = new Set<string>();
  /** Samples as a list for `state`, made anew only when there is another one: a source is asked for its state at every step. */
  #list: string[] | undefined;

  /**
   * Notes a sample that failed. Only a DataError or an ImageError says that a sample cannot be used; any other error is thrown again.
   *
   * @param sample what tells samples apart, such as an index
   * @param name how to name it where the error names no file
   */
  add(sample: string | number, error: unknown, name?: string): void {
    if (!(error instanceof DataError || error instanceof ImageError)) throw error;
    this.#draws++;
    const key = error.file === undefined ? `sample ${sample}` : `file ${error.file}`;
    if (this.#samples.has(key)) return;
    this.#samples.add(key);
    this.#list = undefined;
    if (this.#reasons.length < REASONS)
      this.#reasons.push(
        name === undefined || error.file !== undefined ? error.message : `${name}: ${error.message}`,
      );
  }

  report(): SkipReport {
    return { count: this.#samples.size, draws: this.#draws, reasons: [...this.#reasons] };
  }

  /** What `restore` goes on from. */
  state(): JsonValue {
    this.#list ??= [...this.#samples];
    return { draws: this.#draws, samples: this.#list, reasons: [...this.#reasons] };
  }

  /**
   * Goes on from where another log was, or several together.
   *
   * @throws DataError for what is not a state of a log
   */
  restore(...states: readonly (JsonValue | undefined)[]): void {
    const saved = states.map(checked);
    this.#draws = saved.reduce((sum, { draws }) => sum + draws, 0);
    this.#samples = new Set(saved.flatMap(({ samples }) => samples));
    this.#list = undefined;
    this.#reasons = firstReasons(saved);
  }
}

interface Saved {
  readonly draws: number;
  readonly samples: readonly string[];
  readonly reasons: readonly string[];
}

function checked(state: JsonValue | undefined): Saved {
  const { draws, samples, reasons } = (state ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(draws) || !isTexts(samples) || !isTexts(reasons))
    throw new DataError(
      'DATA_INVALID',
      'the saved data position is damaged or was saved by another program: "data.skipped" must have draws, samples and reasons',
    );
  return { draws: draws as number, samples, reasons };
}

/** The report on several sources whose samples differ. */
export function joinReports(reports: readonly SkipReport[]): SkipReport {
  return {
    count: reports.reduce((sum, { count }) => sum + count, 0),
    draws: reports.reduce((sum, { draws }) => sum + draws, 0),
    reasons: firstReasons(reports),
  };
}

/**
 * The report of several processes that read parts of the same data. Which of them comes upon a sample changes from epoch to epoch: one that
 * several have noted is told by its reason and counts once, as long as each names all its samples; beyond that the count is an upper bound.
 */
export function combinedSkips(reports: readonly SkipReport[]): SkipReport {
  const named = reports.flatMap(({ reasons }) => reasons);
  const reasons = [...new Set(named)];
  const { count, draws } = joinReports(reports);
  return { draws, count: count - (named.length - reasons.length), reasons: reasons.slice(0, REASONS) };
}

function firstReasons(reports: readonly { readonly reasons: readonly string[] }[]): string[] {
  return reports.flatMap(({ reasons }) => reasons).slice(0, REASONS);
}

/** The report on samples that are looked at once, from a line for each that could not be used. */
export function skipReport(reasons: readonly string[]): SkipReport {
  return { count: reasons.length, draws: reasons.length, reasons: reasons.slice(0, REASONS) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
