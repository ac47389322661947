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

  /** @throws DataError for what is not a state of a log */
  restore(state: JsonValue | undefined): void {
    const { draws, samples, reasons } = (state ?? {}) as Record<string, unknown>;
    if (!Number.isSafeInteger(draws) || !isTexts(samples) || !isTexts(reasons))
      throw new DataError(
        'DATA_INVALID',
        'the saved data position is damaged or was saved by another program: "data.skipped" must have draws, samples and reasons',
      );
    this.#draws = draws as number;
    this.#samples = new Set(samples);
    this.#list = undefined;
    this.#reasons = [...reasons];
  }
}

/** The report on samples that are looked at once, from a line for each that could not be used. */
export function skipReport(reasons: readonly string[]): SkipReport {
  return { count: reasons.length, draws: reasons.length, reasons: reasons.slice(0, REASONS) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
