import {
  type BatchSource,
  ConfigError,
  checkOptions,
  DataError,
  type DrawnExample,
  type ExampleDataset,
  type ExampleStream,
  type Objective,
  type PrefixLmBatch,
  type PrefixSampler,
  type Random,
  type RgbImage,
  rule,
  type SkipLog,
  type Tokenizer,
} from '@simvlm/core';
import { collate, type Row, textTokens } from './collate';
import { prefixObjective } from './prefix';
import { orderedBatches, type RowStream, stepSource } from './step-source';

/** Examples of one kind and how many of them are in each step. */
export interface BatchPart {
  readonly stream: ExampleStream;
  /** Rows a step, of all processes together. */
  readonly batchSize: number;
  /**
   * The rows of a step are sorted by length and collated into this many batches, each as wide as its own longest row: the loss over
   * all of them is the same, and less of it is computed on padding. Default 1.
   */
  readonly lengthGroups?: number;
}

/** What rows are made with. */
interface RowOptions {
  readonly tokenizer: Tokenizer;
  /** T at most, the end token included. */
  readonly maxTextLength: number;
  /** How much of each text is prefix; or `objective`. */
  readonly prefix?: PrefixSampler;
  /** What is learnt from a text, where that is more than where to split it. An example that brings an objective is learnt by that. */
  readonly objective?: Objective;
}

export interface BatchSourceOptions extends RowOptions {
  /** Pairs. */
  readonly imageText?: BatchPart;
  /** Documents; an image they have is left out. */
  readonly textOnly?: BatchPart;
}

/**
 * Batches for training, forever: for each step one batch of pairs and one of documents, in the stated numbers, each process its own rows of them.
 *
 * An example that cannot be used, such as one with an empty caption, is replaced by the next one and reported by `skipped()`.
 *
 * @throws ConfigError when there is no part with rows, not one of `prefix` and `objective`, or a number is out of range
 */
export function createBatchSource(options: BatchSourceOptions): BatchSource {
  const { imageText, textOnly } = options;
  const made = rowMaking(options);
  const streams: RowStream<Row, PrefixLmBatch>[] = [];
  const add = (part: BatchPart | undefined, hasImage: boolean) => {
    if (!part) return;
    const { batchSize, lengthGroups = 1, stream } = part;
    checkOptions(
      `batches: ${hasImage ? 'image-text' : 'text-only'}`,
      { batchSize, lengthGroups },
      { batchSize: rule.integer(0), lengthGroups: rule.integer(1) },
    );
    if (batchSize === 0) return;
    streams.push({
      ...{ stream, batchSize },
      row: drawn => toRow(drawn, hasImage, made),
      batches: rows => byLength(rows, lengthGroups, options.tokenizer),
    });
  };
  add(imageText, true);
  add(textOnly, false);
  if (streams.length === 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      'batches: give imageText, textOnly or both, with a batchSize above 0',
    );
  return stepSource(streams);
}

export interface PairBatchOptions extends RowOptions {
  readonly dataset: ExampleDataset;
  /** Rows a batch; the last has what is left. */
  readonly batchSize: number;
  /** Prefixes are drawn from it. */
  readonly random: Random;
  /** Makes the square model input. Default: pictures are square, and as large as the model reads. */
  readonly square?: (image: RgbImage) => RgbImage;
  /** Where examples are noted that cannot be used. */
  readonly skipped?: SkipLog;
}

/**
 * All pairs of a data set in order, as batches: what validation reads. Prefixes are drawn by the index of a pair, so that each call gives
 * the same.
 */
export function pairBatches(options: PairBatchOptions): AsyncGenerator<readonly PrefixLmBatch[]> {
  const made = rowMaking(options);
  const { square = image => image } = options;
  return orderedBatches<Row, PrefixLmBatch>({
    ...options,
    row({ image, ...rest }, random) {
      const example = image ? { ...rest, image: square(image) } : rest;
      return toRow({ example, random }, true, made);
    },
    batches: rows => byLength(rows, 1, options.tokenizer),
  });
}

type Making = RowOptions & { readonly objective: Objective };

function rowMaking(options: RowOptions): Making {
  const { prefix, objective, maxTextLength } = options;
  checkOptions('batches', { maxTextLength }, { maxTextLength: rule.integer(2) });
  if ((prefix === undefined) === (objective === undefined))
    throw new ConfigError('CONFIG_INVALID', 'batches: give "prefix" or "objective", one of the two');
  return { ...options, objective: objective ?? prefixObjective(prefix!) };
}

/** Rows as so many batches, each as wide as its own longest row. */
function byLength(rows: Row[], groups: number, { special: { pad } }: Tokenizer): PrefixLmBatch[] {
  if (groups === 1) return [collate(rows, { pad })];
  rows.sort((a, b) => a.tokens.length - b.tokens.length);
  const size = Math.ceil(rows.length / groups);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, group) =>
    collate(rows.slice(group * size, (group + 1) * size), { pad }),
  );
}

function toRow({ example, random, objective }: DrawnExample, hasImage: boolean, options: Making): Row {
  const { id, text, image } = example;
  const whole = textTokens(text, options.tokenizer, options.maxTextLength);
  const learn = objective ?? options.objective;
  const { tokens, prefixLength } = learn(random.fork('prefix'), { tokens: whole, hasImage });
  if (!hasImage) return { id, tokens, prefixLength };
  if (!image)
    throw new DataError('DATA_INVALID', `example "${id}" has no image; put it among the text-only documents`);
  return { id, tokens, prefixLength, image };
}
