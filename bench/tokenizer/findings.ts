import type { BenchRow } from '../lib/table';

/** What a part of the benchmark found out. */
export interface Findings {
  readonly rows: BenchRow[];
  readonly notes: string[];
  /** What is not as it must be. */
  readonly failures: string[];
}

export function percent(share: number): string {
  // 99.999 % must not read as all of them.
  return share === 1 ? '100 %' : `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}
