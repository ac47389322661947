import { ConfigError, type Tokenizer } from '@simvlm/core';
import { type DataStatistics, type Distribution, dataStatistics } from '@simvlm/data/node';
import { exitCode } from '../exit-code';
import { textTable } from '../report/score-table';
import { percent, printLine, Terminal } from '../terminal';
import { noteSkipped, openSource } from './data-open';
import type { SourceOptions } from './data-source';

export interface DataStatsOptions extends SourceOptions {
  readonly tokenizer?: string;
  readonly decode?: boolean;
  readonly json?: boolean;
}

/** Labels and splits that the table names; `--json` names all. */
const SHOWN = 12;

/** `simvlm data stats`. */
export async function dataStats(sources: readonly string[], options: DataStatsOptions): Promise<number> {
  const terminal = new Terminal();
  if (options.decode && options.images === false)
    throw new ConfigError(
      'CONFIG_INVALID',
      '--decode opens pictures, and --no-images none: give one of them',
    );
  const tokenizer = options.tokenizer === undefined ? undefined : await openTokenizer(options.tokenizer);
  const statistics = await dataStatistics(await openSource(sources, options), {
    pictures: options.images === false ? 'none' : options.decode ? 'decode' : 'header',
    ...(tokenizer && { tokenizer }),
    onProgress: samples => samples % 100 === 99 && terminal.live(`${number(samples)} samples`),
  });
  if (options.json) printLine(JSON.stringify(statistics));
  else for (const line of summary(statistics)) printLine(line);
  noteSkipped(terminal, statistics.unusable);
  return exitCode.ok;
}

/** Of a file, or of a checkpoint: its folder, that of a run, its address, or `emoji`. It is loaded only when asked for: with it comes all that trains. */
async function openTokenizer(place: string): Promise<Tokenizer> {
  const { openInit, readTokenizer } = await import('@simvlm/run/node');
  if (/\.(model|json)$/.test(place)) return readTokenizer(place);
  const { openForUse } = await import('@simvlm/run');
  return (await openForUse(await openInit(place))).tokenizer;
}

function summary(statistics: DataStatistics): string[] {
  const { format, samples, pictures, texts, splits, labels, unusable, addresses } = statistics;
  const facts: [string, string][] = [
    ['format', format],
    ['samples', `${number(samples)}; ${number(unusable.count)} cannot be used`],
  ];
  if (samples > 0) facts.push(['with', counted(Object.entries(statistics.with))]);
  if (addresses > 0) facts.push(['addresses', `${number(addresses)}: fetch them with simvlm data fetch`]);
  if (pictures)
    facts.push(
      ['pictures', `${number(pictures.count)}, ${number(pictures.distinct)} of them different`],
      ['formats', counted(Object.entries(pictures.formats))],
    );
  for (const [kind, { count, distinct, unknownShare }] of Object.entries(texts))
    facts.push([
      `${kind}s`,
      `${number(count)}, ${number(distinct)} of them different${unknownShare === undefined ? '' : `; unknown tokens: ${percent(unknownShare)}`}`,
    ]);
  if (Object.keys(splits).length > 0) facts.push(['splits', counted(Object.entries(splits))]);
  if (labels.distinct > 0) facts.push(['labels', `${number(labels.distinct)}: ${counted(labels.counts)}`]);
  const sizes = sizeRows(statistics);
  return [
    textTable(['', ''], facts, 'left').trimStart(),
    ...(sizes.length > 0 ? ['', textTable(['', 'least', 'median', '95 %', 'most', 'mean'], sizes)] : []),
  ];
}

function sizeRows({ pictures, texts }: DataStatistics): string[][] {
  const rows: [string, Distribution | undefined][] = [
    ['width (pixels)', pictures?.width],
    ['height (pixels)', pictures?.height],
    ['file (bytes)', pictures?.bytes],
  ];
  for (const [kind, { letters, tokens }] of Object.entries(texts))
    rows.push([`${kind} (letters)`, letters], [`${kind} (tokens)`, tokens]);
  return rows.flatMap(([name, values]) =>
    values
      ? [[name, ...[values.min, values.median, values.p95, values.max].map(number), values.mean.toFixed(1)]]
      : [],
  );
}

function counted(entries: readonly (readonly [string, number])[]): string {
  const shown = entries.slice(0, SHOWN).map(([name, count]) => `${name} ${number(count)}`);
  const more = entries.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${number(more)} more`] : [])].join(', ');
}

function number(value: number): string {
  return value.toLocaleString('en');
}
