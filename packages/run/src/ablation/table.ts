import type { MeanInterval } from '@simvlm/metrics';
import { countOf } from '../skipped';
import type { GridMetric } from './schema';
import type { CellSummary, MetricSummary } from './summary';

/** Decimals where no interval says how many mean something. */
const DECIMALS = 3;

/**
 * The rows of a grid as a table in Markdown: a cell each, with means and 95 % intervals over its seeds (Student's t), and of all but the first the
 * differences to that one. A row says so where runs failed or are missing.
 */
export function gridTable(cells: readonly CellSummary[], metrics: readonly GridMetric[]): string {
  const shown = metrics.filter(({ name }) => cells.some(({ metrics: found }) => Object.hasOwn(found, name)));
  const isCompared = cells.length > 1;
  const head = ['', ...shown.flatMap(({ title }) => [title, ...(isCompared ? ['difference'] : [])]), 'seeds'];
  const rows = cells.map(cell => [
    cell.name,
    ...shown.flatMap(({ name, percent }) => {
      const found = Object.hasOwn(cell.metrics, name) ? cell.metrics[name] : undefined;
      return [valueText(found, percent), ...(isCompared ? [differenceText(found, percent)] : [])];
    }),
    runsText(cell),
  ]);
  // Padded as the formatter of this project has it.
  const all = [head, ...rows].map(cells => cells.map(escaped));
  const widths = head.map((_, column) => Math.max(3, ...all.map(cells => [...cells[column]!].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length)).join(' | ')} |`;
  return [line(all[0]!), line(widths.map(width => '-'.repeat(width))), ...all.slice(1).map(line)].join('\n');
}

function valueText(found: MetricSummary | undefined, percent: boolean): string {
  return found ? intervalText(found, percent, '') : '–';
}

function differenceText(found: MetricSummary | undefined, percent: boolean): string {
  return found?.difference ? intervalText(found.difference, percent, '+') : '';
}

/** `71.2 ± 1.9`: as many decimals as two digits of the interval have. */
function intervalText({ mean, half }: MeanInterval, percent: boolean, plus: string): string {
  const scale = percent ? 100 : 1;
  const digits = half ? Math.max(0, 1 - Math.floor(Math.log10(half * scale))) : DECIMALS - (percent ? 2 : 0);
  const decimals = Math.min(digits, DECIMALS);
  const text = (value: number) => (value * scale).toFixed(decimals);
  const sign = mean >= 0 ? plus : '';
  return `${sign}${text(mean)}${half === undefined ? '' : ` ± ${text(half)}`}`.replace(/^-/, '−');
}

/** `3`; `2 of 3, seed 2 failed: …`. */
function runsText({ runs }: CellSummary): string {
  const done = runs.filter(({ state }) => state === 'done');
  if (done.length === runs.length) return String(done.length);
  const failed = runs.flatMap(({ seed, state, failure }) =>
    state === 'failed' ? [`seed ${seed} failed: ${failure}`] : [],
  );
  const missing = runs.filter(({ state }) => state === 'missing');
  return [
    `${done.length} of ${runs.length}`,
    ...failed,
    ...(missing.length > 0 ? [`${countOf(missing.length, 'run')} not done`] : []),
  ].join(', ');
}

function escaped(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}
