import type { SkipReport } from '@simvlm/core';
import type { Reporter } from './reporter';

/** Warns of samples that could not be used: `text`, then a line for each reason. Says nothing where there are none. */
export function warnOfSkipped(reporter: Reporter, text: string, report: SkipReport): void {
  if (report.count === 0) return;
  reporter.warn(text);
  for (const line of skippedLines(report)) reporter.note(`  ${line}`);
}

/** A line for each reason of a report, then how many more there are. */
export function skippedLines({ count, reasons }: Pick<SkipReport, 'count' | 'reasons'>): string[] {
  const more = count - reasons.length;
  return more > 0 ? [...reasons, `and ${more.toLocaleString('en')} more`] : [...reasons];
}

/** `1 picture`, `2,500 pictures`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
