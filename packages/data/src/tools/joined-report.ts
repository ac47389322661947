import type { SkipReport } from '@simvlm/core';

/** The reports on records that a reader passed over, and on samples whose pictures were no use, as one. */
export function joinedReport(reports: readonly SkipReport[]): SkipReport {
  return {
    count: reports.reduce((sum, { count }) => sum + count, 0),
    draws: reports.reduce((sum, { draws }) => sum + draws, 0),
    reasons: reports.flatMap(({ reasons }) => reasons),
  };
}
