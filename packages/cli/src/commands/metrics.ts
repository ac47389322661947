import { ConfigError } from '@simvlm/core';
import { KINDS, type Kind, metricsReport, type Report } from '@simvlm/metrics';
import { loadParaphrases, loadWordNet } from '@simvlm/metrics/node';
import { type Command, Option } from 'commander';
import { count, wholeNumber } from '../arguments';
import { exitCode } from '../exit-code';
import { readLines } from '../io/lines';
import { textTable } from '../report/score-table';
import { printLine } from '../terminal';

interface MetricsOptions {
  readonly json?: boolean;
  readonly perItem?: boolean;
  readonly intervals?: number | true;
  readonly seed: number;
  readonly paraphrases?: string;
  readonly positive?: string;
}

/** Samples of an interval where no number is given. */
const SAMPLES = 1000;

/** Adds `simvlm metrics`. */
export function addMetricsCommand(program: Command, done: (code: number) => void): Command {
  return program
    .command('metrics')
    .description(
      'measure predictions with the metrics of the field, equal to the official tools: captions (BLEU, ROUGE-L, CIDEr-D, METEOR), vqa, translation (BLEU), ' +
        'classification, regression',
    )
    .argument('<kind>', KINDS.join(', '))
    .argument(
      '[file]',
      'JSON lines of id, prediction and references (captions, translation), answers (vqa) or label; default: standard input',
    )
    .option('--json', 'print one JSON object')
    .option('--per-item', 'the numbers of each item too; prints JSON')
    .option(
      '--intervals [samples]',
      'bootstrap intervals, 95 %, from so many samples of the items (default: 1000)',
      count,
    )
    .option('--seed <n>', 'what the samples are drawn from', wholeNumber, 1)
    .addOption(
      new Option(
        '--paraphrases <file>',
        "captions: METEOR's paraphrase-en.gz, which makes it METEOR; without it the number has another name",
      ),
    )
    .option('--positive <label>', 'classification of two classes: the one that F1 is of')
    .action(async (kind, file, options) => done(await metrics(kind, file, options)));
}

/** `simvlm metrics KIND [FILE]`. */
async function metrics(kind: string, file: string | undefined, options: MetricsOptions): Promise<number> {
  if (!isKind(kind))
    throw new ConfigError(
      'CONFIG_INVALID',
      `there are no metrics of "${kind}"; there are ${KINDS.join(', ')}`,
    );
  if (options.paraphrases !== undefined && kind !== 'captions')
    throw new ConfigError('CONFIG_INVALID', '--paraphrases is for captions');
  if (options.positive !== undefined && kind !== 'classification')
    throw new ConfigError('CONFIG_INVALID', '--positive is for classification');
  const { paraphrases, positive, intervals, seed } = options;
  const lines: string[] = [];
  for await (const some of readLines(file === undefined ? [] : [file])) lines.push(...some);
  const report = await metricsReport(kind, lines, {
    where: file ?? 'standard input',
    perItem: options.perItem ?? false,
    ...(intervals && { intervals: { samples: intervals === true ? SAMPLES : intervals, seed } }),
    ...(kind === 'captions' && { wordNet: await loadWordNet() }),
    ...(paraphrases !== undefined && { paraphrases: words => loadParaphrases(paraphrases, words) }),
    ...(positive !== undefined && { positive }),
  });
  printLine(options.json || options.perItem ? JSON.stringify(asJson(report)) : asTable(report));
  return exitCode.ok;
}

function isKind(kind: string): kind is Kind {
  return (KINDS as readonly string[]).includes(kind);
}

function asJson({ count: items, scores, intervals, signatures, items: each }: Report): object {
  return {
    count: items,
    ...scores,
    ...(intervals && { intervals }),
    signatures,
    ...(each && { items: each }),
  };
}

function asTable({ count: items, scores, intervals, signatures }: Report): string {
  const shown = (value: number | null | undefined) => (value == null ? 'undefined' : value.toFixed(4));
  const rows = Object.entries(scores).map(([name, value]) => {
    const interval = intervals?.[name];
    return [
      name,
      shown(value),
      ...(intervals ? [interval ? `${shown(interval.low)} to ${shown(interval.high)}` : 'none'] : []),
      signatures[name]!,
    ];
  });
  const head = [`${items} items`, '', ...(intervals ? ['95 %'] : []), 'signature'];
  return textTable(head, rows, 'left');
}
