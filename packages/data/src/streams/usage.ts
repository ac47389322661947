import { DataError, type JsonValue, rule, SkipLog, type SkipReport } from '@simvlm/core';
import { savedPosition } from '../saved-position';

/** Records before a share of them says anything. */
const ENOUGH = 100;
/** Different records that cannot be used before their share says anything: one bad picture of six is drawn again and again. */
const SEVERAL = 5;

export interface UsageOptions {
  /** Of the source, for messages. */
  readonly name: string;
  /** Share of the records that may be of no use. */
  readonly skipLimit: number;
  /** Records in an epoch, where that is known. */
  readonly length?: number | undefined;
}

const savedRules = {
  drawn: rule.integer(0),
  epoch: rule.integer(0),
  used: rule.integer(0),
  inARow: rule.integer(0),
  skipped: rule.object,
};

/** Counts which records of a source could be used, and says when too many cannot. */
export class Usage {
  readonly #skipped = new SkipLog();
  /** Records so far. */
  #drawn = 0;
  #epoch = 0;
  /** Records of this epoch that could be used. */
  #used = 0;
  /** Records since the last one that could be used. */
  #inARow = 0;
  /** The same before the last one that could. */
  #before = 0;
  #last: unknown;

  constructor(private readonly options: UsageOptions) {}

  /** A record that can be used. */
  use(epoch: number): void {
    this.#enter(epoch);
    this.#drawn++;
    this.#used++;
    this.#before = this.#inARow;
    this.#inARow = 0;
  }

  /**
   * A record that cannot be used.
   *
   * @param key absent where the error alone tells the record from others
   * @throws the error itself unless it is a DataError or an ImageError; DataError when too many cannot
   */
  skip(epoch: number, error: unknown, key?: string): void {
    this.#enter(epoch);
    this.#note(error, key);
    this.#drawn++;
    this.#checkShare();
  }

  /** The record that was used last cannot be used after all. @throws as `skip` */
  refuse(error: unknown, key: string): void {
    this.#inARow = this.#before;
    this.#note(error, key);
    this.#used--;
    this.#checkShare();
  }

  report(): SkipReport {
    return this.#skipped.report();
  }

  state(): JsonValue {
    return {
      drawn: this.#drawn,
      epoch: this.#epoch,
      used: this.#used,
      inARow: this.#inARow,
      skipped: this.#skipped.state(),
    };
  }

  /** Goes on from the states of one or several others. @throws DataError for what is no state */
  restore(states: readonly JsonValue[]): void {
    const saved = states.map(state => savedPosition(state, 'data.usage', savedRules));
    const numbers = (key: 'drawn' | 'epoch' | 'used' | 'inARow') => saved.map(each => each[key] as number);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    this.#skipped.restore(...saved.map(each => each.skipped));
    this.#drawn = sum(numbers('drawn'));
    this.#epoch = Math.max(0, ...numbers('epoch'));
    this.#used = sum(numbers('used'));
    this.#inARow = sum(numbers('inARow'));
  }

  #note(error: unknown, key?: string): void {
    const name = key === undefined ? undefined : `example ${key}`;
    this.#skipped.add(key ?? (error as Error).message, error, name);
    this.#inARow++;
    this.#last = error;
  }

  /** Of several processes one may have no record of an epoch that can be used: only so many in a row are all there are. */
  #enter(epoch: number): void {
    if (epoch <= this.#epoch) return;
    const { name, length = 1 } = this.options;
    if (this.#used === 0 && this.#inARow >= Math.max(1, length))
      throw new DataError(
        'DATA_INVALID',
        `${name}: none of ${this.#inARow} examples can be used; the last: ${(this.#last as Error | undefined)?.message}`,
        { cause: this.#last },
      );
    this.#epoch = epoch;
    this.#used = 0;
  }

  #checkShare(): void {
    const { name, skipLimit } = this.options;
    const { count, draws, reasons } = this.#skipped.report();
    if (this.#drawn < ENOUGH || count < SEVERAL || draws <= skipLimit * this.#drawn) return;
    throw new DataError(
      'DATA_INVALID',
      `${name}: ${draws} of ${this.#drawn} examples cannot be used, more than the share of ${skipLimit} that may fail ("skipLimit"); ` +
        `the first reasons: ${reasons.slice(0, 3).join('; ')}`,
    );
  }
}
