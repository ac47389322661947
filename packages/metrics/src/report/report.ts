import { ConfigError } from '@simvlm/core';
import { captionMetrics, tokeniseCaptions } from '../captions/caption-metrics';
import type { CaptionItem } from '../captions/item';
import type { Resources } from '../captions/meteor/matches';
import { meteorVocabulary } from '../captions/meteor/meteor';
import type { Paraphrases } from '../captions/meteor/paraphrases';
import { type BootstrapOptions, bootstrap, type Interval } from '../interval';
import { checkItems, predictionProblem, textsProblem } from '../items';
import { accuracy, f1, type LabelItem, matthews } from '../labels/classification';
import { type NumberItem, pearson, spearman } from '../labels/regression';
import { meanScores, type Scores } from '../scores';
import { captionSignatures, referenceCount, signature, translationSignature } from '../signature';
import { type TranslationItem, translationBleu } from '../translation/bleu';
import { type AnswerItem, vqaAccuracy } from '../vqa/accuracy';
import { parseLines } from './parse-lines';

/** What a file of predictions can be measured as. */
export const KINDS = ['captions', 'vqa', 'translation', 'classification', 'regression'] as const;
export type Kind = (typeof KINDS)[number];

export interface ReportOptions {
  /** Names the file in messages; default `predictions`. */
  readonly where?: string;
  /** Adds the numbers of each item. */
  readonly perItem?: boolean;
  /** Adds 95 % intervals. */
  readonly intervals?: BootstrapOptions;
  /** Captions: for METEOR's synonyms. */
  readonly wordNet?: NonNullable<Resources['wordNet']>;
  /** Captions: gives METEOR's paraphrases for these words, where there is a table. */
  readonly paraphrases?: (words: ReadonlySet<string>) => Promise<Paraphrases>;
  /** Classification of two classes: the one that F1 is of; default `1`, `true` or `yes`, else the later by alphabet. */
  readonly positive?: string;
}

/** Named numbers of all items; null where one is undefined. */
export interface Report {
  readonly kind: Kind;
  readonly count: number;
  readonly scores: Readonly<Record<string, number | null>>;
  readonly intervals?: Readonly<Record<string, Interval | null>>;
  /** How each was computed. */
  readonly signatures: Readonly<Record<string, string>>;
  readonly items?: readonly (Readonly<Record<string, number | null>> & { readonly id: string })[];
}

/** A metric of a report. */
interface Metric {
  readonly name: string;
  readonly signature: string;
  readonly corpus: number | undefined;
  readonly items?: readonly number[];
  of(drawn: readonly number[]): number | undefined;
}

/**
 * Measures predictions. Each line is a JSON object with `id`, `prediction` and what it is compared to: `references` (captions, translation),
 * `answers` (vqa) or `label` (classification, regression).
 *
 * @throws DataError for what would give a number that means nothing: see `checkItems`
 */
export async function metricsReport(
  kind: Kind,
  jsonLines: readonly string[],
  options: ReportOptions = {},
): Promise<Report> {
  const { where = 'predictions', perItem = false, intervals } = options;
  const lines = parseLines(jsonLines, where);
  const metrics = await measures[kind](lines, where, options);
  const record = <T>(value: (metric: Metric) => T) =>
    Object.fromEntries(metrics.map(metric => [metric.name, value(metric)]));
  const each = metrics.filter(({ items }) => items);
  return {
    kind,
    count: lines.length,
    scores: record(({ corpus }) => corpus ?? null),
    ...(intervals && {
      intervals: record(({ of }) => bootstrap(lines.length, of, intervals) ?? null),
    }),
    signatures: record(metric => metric.signature),
    ...(perItem && {
      items: lines.map(({ id }, i) => ({
        id: id as string,
        ...Object.fromEntries(each.map(({ name, items }) => [name, items![i]!])),
      })) as unknown as Report['items'] & object,
    }),
  };
}

type Lines = readonly Record<string, unknown>[];

const measures: Record<Kind, (lines: Lines, where: string, options: ReportOptions) => Promise<Metric[]>> = {
  async captions(lines, where, { wordNet, paraphrases }) {
    const items = lines as unknown as CaptionItem[];
    const tokens = tokeniseCaptions(items, where);
    const metrics = captionMetrics(tokens, {
      ...(wordNet && { wordNet }),
      ...(paraphrases && { paraphrases: await paraphrases(meteorVocabulary(tokens)) }),
    });
    const signatures = captionSignatures(referenceCount(items));
    return Object.entries(metrics).map(([name, scores]) => scored(name, signatures[name]!, scores as Scores));
  },
  async vqa(lines, where) {
    const items = lines as unknown as AnswerItem[];
    checkItems(
      where,
      items,
      each => predictionProblem(each.prediction) ?? textsProblem('answers', each.answers),
    );
    return [scored('accuracy', signature({ norm: 'vqa-2021-03' }), vqaAccuracy(items))];
  },
  async translation(lines, where) {
    const items = lines as unknown as TranslationItem[];
    checkItems(
      where,
      items,
      each => predictionProblem(each.prediction) ?? textsProblem('references', each.references),
    );
    return [scored('bleu', translationSignature(referenceCount(items)), translationBleu(items))];
  },
  async classification(lines, where, { positive }) {
    const items = lines.map(line => ({
      ...line,
      prediction: labelOf(line.prediction),
      label: labelOf(line.label),
    }));
    checkItems(where, items as unknown as LabelItem[], each =>
      each.prediction === undefined || each.label === undefined
        ? '"prediction" and "label" must be a text, a number, true or false'
        : undefined,
    );
    const labels = items as unknown as LabelItem[];
    const right = labels.map(({ prediction, label }) => Number(prediction === label));
    const known = [...new Set(labels.flatMap(({ prediction, label }) => [prediction, label]))].sort();
    checkPositive(positive, known);
    const of = positive ?? ['1', 'true', 'yes'].find(name => known.includes(name)) ?? known.at(-1)!;
    return [
      scored('accuracy', signature({}), { ...meanScores(right), corpus: accuracy(labels) }),
      ...(known.length <= 2 ? [drawn('f1', signature({ positive: of }), labels, list => f1(list, of))] : []),
      drawn('matthews', signature({}), labels, matthews),
    ];
  },
  async regression(lines, where) {
    const items = lines.map(line => ({
      ...line,
      prediction: numberOf(line.prediction),
      label: numberOf(line.label),
    }));
    checkItems(where, items as unknown as NumberItem[], each =>
      Number.isFinite(each.prediction) && Number.isFinite(each.label)
        ? undefined
        : '"prediction" and "label" must be finite numbers',
    );
    const numbers = items as unknown as NumberItem[];
    return [
      drawn('pearson', signature({}), numbers, pearson),
      drawn('spearman', signature({ ties: 'mean' }), numbers, spearman),
    ];
  },
};

function scored(name: string, how: string, { corpus, items, of }: Scores): Metric {
  return { name, signature: how, corpus, items, of };
}

/** A metric that single items have no share in. */
function drawn<T>(
  name: string,
  how: string,
  items: readonly T[],
  metric: (items: readonly T[]) => number | undefined,
): Metric {
  return { name, signature: how, corpus: metric(items), of: places => metric(places.map(i => items[i]!)) };
}

/** F1 is of one of two classes. */
function checkPositive(positive: string | undefined, known: readonly string[]): void {
  if (positive === undefined || (known.length <= 2 && known.includes(positive))) return;
  const why =
    known.length > 2 ? `there are ${known.length} classes, and F1 is of two` : 'no item has that label';
  throw new ConfigError(
    'CONFIG_INVALID',
    `positive: "${positive}": ${why}; the labels are ${known.join(', ')}`,
  );
}

/** NaN for what is neither a number nor written as one: an item that failed is no 0. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

function labelOf(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}
