import type { SplitResult } from '@simvlm/run/node';
import { percent } from '../terminal';

/** The scores as a table: head and rows of text. */
export function scoreTable(results: readonly SplitResult[]): {
  head: string[];
  rows: string[][];
  note: string;
} {
  return {
    head: [
      'split',
      'pictures',
      '20-way',
      '20-way, images shuffled',
      'exact',
      'word F1',
      'nearest pixels exact',
    ],
    rows: results.map(result => [
      result.name,
      result.count.toLocaleString('en'),
      percent(result.choice),
      percent(result.shuffledChoice),
      percent(result.exact),
      result.wordF1.toFixed(2),
      percent(result.neighbourExact),
    ]),
    note:
      '20-way: the true caption is the likeliest of 20 (chance 5 %). Images shuffled: the same with the pictures exchanged, ' +
      'which must fall to chance. Nearest pixels: the caption of the training picture with the most similar pixels.',
  };
}

/** A table for a terminal; what is not in the first column stands at this side. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  side: 'left' | 'right' = 'right',
): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]!.length)));
  return all
    .map(row =>
      row
        .map((cell, column) =>
          column === 0 || side === 'left' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
