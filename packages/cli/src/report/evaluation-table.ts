import type { SummaryMetric, SummaryRow } from '@simvlm/run';
import { textTable } from './score-table';

/** Where nobody knows how wide the terminal is. */
const WIDTH = 120;

/**
 * What evaluators found, for people: rows are models and sources, columns metrics; where there are more than fit, several tables. A single row is
 * written from top to bottom.
 */
export function evaluationTable(summary: readonly SummaryRow[], width = WIDTH): string {
  const rows = rowsOf(summary);
  const columns = columnsOf(summary);
  const [only] = rows;
  if (only && rows.length === 1)
    return textTable(
      ['', only.label === '' ? '' : only.label],
      columns.map(({ name, of }) => [name, of(only.found)]),
      'left',
    )
      .replace(/^\s*\n/, '')
      .trimEnd();
  const label = ['', ...rows.map(row => row.label)];
  const cells = columns.map(({ name, of }) => [name, ...rows.map(({ found }) => of(found))]);
  return blocks(label, cells, width)
    .map(block => textTable(block[0]!, block.slice(1)))
    .join('\n\n');
}

interface Row {
  readonly label: string;
  readonly found: ReadonlyMap<string, SummaryRow>;
}

function rowsOf(summary: readonly SummaryRow[]): Row[] {
  const rows = new Map<string, Row & { readonly found: Map<string, SummaryRow> }>();
  const differ = (of: (row: SummaryRow) => string) => new Set(summary.map(of)).size > 1;
  const [models, sources] = [differ(row => row.model), differ(row => row.source)];
  for (const row of summary) {
    const key = JSON.stringify([row.model, row.source]);
    const label = [...(models ? [row.model] : []), ...(sources ? [row.source] : [])].join(' on ');
    const entry = rows.get(key) ?? { label, found: new Map() };
    entry.found.set(row.evaluator, row);
    rows.set(key, entry);
  }
  return [...rows.values()];
}

interface Column {
  readonly name: string;
  of(found: Row['found']): string;
}

/** `evaluator/metric`; of one evaluator its metrics by themselves. Where all evaluators saw as many examples, that is said once. */
function columnsOf(summary: readonly SummaryRow[]): Column[] {
  const evaluators = [...new Set(summary.map(({ evaluator }) => evaluator))];
  const isOne = evaluators.length === 1;
  const counts = (found: Row['found']) => new Set([...found.values()].map(row => row.metrics.count?.mean));
  const isCountShared = rowsOf(summary).every(({ found }) => counts(found).size === 1);
  const columns = evaluators.flatMap(evaluator => {
    const metrics = summary
      .filter(row => row.evaluator === evaluator)
      .flatMap(row => Object.keys(row.metrics));
    return [...new Set(metrics)]
      .filter(metric => metric !== 'count' || !isCountShared)
      .map(metric => ({
        name: isOne ? metric : `${evaluator}/${metric}`,
        of: (found: Row['found']) => cell(found.get(evaluator)?.metrics[metric]),
      }));
  });
  if (!isCountShared) return columns;
  const count: Column = { name: 'count', of: found => cell([...found.values()][0]!.metrics.count) };
  return summary.some(({ metrics }) => metrics.count) ? [...columns, count] : columns;
}

/** `0.712 [0.690, 0.731]` of one value, `0.712 ± 0.019` of several. */
function cell(metric: SummaryMetric | undefined): string {
  if (!metric) return '';
  const { mean, values, low, high } = metric;
  if (low === undefined || high === undefined || (values.length > 1 && low === high)) return shown(mean);
  if (values.length > 1) return `${fixed(mean)} ± ${fixed((high - low) / 2)}`;
  return `${fixed(mean)} [${fixed(low)}, ${fixed(high)}]`;
}

function shown(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : fixed(value);
}

/** Three digits after the point of a fraction, two of a percentage. */
function fixed(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 3 : 2);
}

/** As many columns to a table as fit beside the names of the rows. */
function blocks(
  label: readonly string[],
  columns: readonly (readonly string[])[],
  width: number,
): string[][][] {
  const size = (column: readonly string[]) => Math.max(...column.map(({ length }) => length)) + 2;
  const parts: (readonly string[])[][] = [];
  let room = 0;
  for (const column of columns) {
    if (parts.length === 0 || size(column) > room) {
      parts.push([]);
      room = width - size(label);
    }
    parts.at(-1)!.push(column);
    room -= size(column);
  }
  return parts.map(part => label.map((name, row) => [name, ...part.map(column => column[row]!)]));
}
