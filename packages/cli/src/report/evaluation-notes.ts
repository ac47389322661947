import { countOf, type EvaluationReport, warnOfSkipped } from '@simvlm/run';
import type { Terminal } from '../terminal';

/** What a number means that its name does not say. */
const MEANINGS: Readonly<Record<string, string>> = {
  choice:
    'choice: the true caption is the likeliest of several; "chance" is the share of guesses that would be right',
  'shuffled-choice': 'shuffled-choice: the same with the pictures exchanged, which must fall to chance',
  'nearest-pixels':
    'nearest-pixels: a baseline, the caption of the training picture with the most similar pixels',
};

export function notesOn({ records }: EvaluationReport): string[] {
  const kinds = new Set(records.map(({ evaluator }) => evaluator));
  return Object.entries(MEANINGS).flatMap(([kind, text]) => (kinds.has(kind) ? [text] : []));
}

/** What the brackets and the ± of a table are. */
export function intervalNotes({ summary }: EvaluationReport): string[] {
  const metrics = summary.flatMap(row => Object.values(row.metrics)).filter(({ low }) => low !== undefined);
  const isOverRuns = metrics.some(({ values, low, high }) => values.length > 1 && low !== high);
  return [
    ...(metrics.some(({ values }) => values.length === 1)
      ? ['[low, high]: 95 % interval over the examples, by bootstrap']
      : []),
    ...(isOverRuns ? ["±: 95 % interval of the mean over seeds, by Student's t"] : []),
  ];
}

/** What could not be used, and what must be known to read the numbers: each once. */
export function sayProblems(terminal: Terminal, { records }: EvaluationReport): void {
  const isOne = <K extends 'source' | 'evaluator'>(key: K) =>
    new Set(records.map(each => each[key])).size === 1;
  const said = new Set<string>();
  for (const { source, evaluator, skipped, warnings = [] } of records) {
    const on = isOne('source') ? '' : ` of ${source}`;
    const key = JSON.stringify([source, skipped]);
    if (skipped && !said.has(key)) {
      said.add(key);
      warnOfSkipped(terminal, `skipped ${countOf(skipped.draws, 'example')}${on}:`, skipped);
    }
    for (const warning of warnings) {
      const text = `${isOne('evaluator') ? '' : `${evaluator}: `}${warning}`;
      if (!said.has(text)) terminal.warn(text);
      said.add(text);
    }
  }
}
