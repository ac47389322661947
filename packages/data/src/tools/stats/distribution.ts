/** Where values lie. Below 2,048 all are exact; above, `median` and `p95` are up to 0.1 % too small. */
export interface Distribution {
  readonly min: number;
  readonly median: number;
  /** 95 % of the values are not above it. */
  readonly p95: number;
  readonly max: number;
  readonly mean: number;
}

/** Values below it have a counter each. */
const EXACT = 2048;

/** Counts whole numbers from 0 on. Larger ones share a counter with those of the same first 11 bits, so that there are 45,000 counters at most. */
export class ValueCounter {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    const rounded = firstBits(value);
    this.#counts.set(rounded, (this.#counts.get(rounded) ?? 0) + 1);
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** Undefined where nothing was counted. */
  distribution(): Distribution | undefined {
    if (this.#count === 0) return undefined;
    const sorted = [...this.#counts].sort(([a], [b]) => a - b);
    const quantile = (share: number) => {
      let seen = 0;
      for (const [value, count] of sorted) {
        seen += count;
        if (seen >= share * this.#count) return value;
      }
      return this.#max;
    };
    return {
      min: this.#min,
      median: quantile(0.5),
      p95: quantile(0.95),
      max: this.#max,
      mean: this.#sum / this.#count,
    };
  }
}

function firstBits(value: number): number {
  let unit = 1;
  while (value / unit >= EXACT) unit *= 2;
  return Math.floor(value / unit) * unit;
}
