import {
  type BatchSource,
  ConfigError,
  checkOptions,
  DataError,
  type Example,
  type ExampleDataset,
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
export interface Part {
  readonly dataset: ExampleDataset;
  readonly batchSize: number;
  /** See `ShuffleOptions`. */
  readonly weight?: (index: number) => number;
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
  /** What is learnt from a text, where that is more than where to split it. */
  readonly objective?: Objective;
  /** Makes the square model input, augmentation included, from a stream of its own for each example and step. */
  readonly transform: (image: RgbImage, random: Random, text: string) => RgbImage;
}

export interface BatchSourceOptions extends RowOptions {
  /** Pairs; their images go through `transform`. */
  readonly imageText?: Part;
  /** Documents; an image they have is left out. */
  readonly textOnly?: Part;
  readonly random: Random;
}

/**
 * Batches for training, forever: for each step one batch of pairs and one of documents, in the stated numbers, shuffled by
 * epoch. Every draw belongs to the step and row, not to what was drawn before, so that `state()` is a few numbers.
 *
 * A sample that cannot be used (an unreadable image, an empty caption) is replaced by the next one and reported by `skipped()`, once
 * however often it is drawn; when a whole epoch fails in a row, `next()` throws a DataError.
 *
 * @throws ConfigError when there is no part with rows, not one of `prefix` and `objective`, or a number is out of range
 */
export function createBatchSource(options: BatchSourceOptions): BatchSource {
  const { random, imageText, textOnly } = options;
  const made = rowMaking(options);
  const streams: RowStream<Row, PrefixLmBatch>[] = [];
  const add = (part: Part | undefined, hasImage: boolean) => {
    if (!part) return;
    const { batchSize, lengthGroups = 1, dataset, weight } = part;
    const name = hasImage ? 'image-text' : 'text-only';
    checkOptions(
      `batches: ${name}`,
      { batchSize, lengthGroups },
      { batchSize: rule.integer(0), lengthGroups: rule.integer(1) },
    );
    if (batchSize === 0) return;
    streams.push({
      ...{ name, rowName: hasImage ? 'image' : 'text', noun: hasImage ? 'pair' : 'document' },
      ...{ dataset, batchSize, ...(weight && { weight }) },
      row: (example, draws) => toRow(example, hasImage, made, draws),
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
  return stepSource(streams, random);
}

export interface PairBatchOptions extends RowOptions {
  readonly dataset: ExampleDataset;
  /** Rows a batch; the last has what is left. */
  readonly batchSize: number;
  readonly random: Random;
  /** Where examples are noted that cannot be used. */
  readonly skipped?: SkipLog;
}

/**
 * All pairs of a data set in order, as batches: what validation reads. Prefixes are drawn by the index of a pair, so that each call gives
 * the same; give a `transform` that varies nothing.
 */
export function pairBatches(options: PairBatchOptions): AsyncGenerator<readonly PrefixLmBatch[]> {
  const made = rowMaking(options);
  return orderedBatches<Row, PrefixLmBatch>({
    ...options,
    row: (example, random) => toRow(example, true, made, random),
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

function toRow({ id, text, image }: Example, hasImage: boolean, options: Making, random: Random): Row {
  const whole = textTokens(text, options.tokenizer, options.maxTextLength);
  const { tokens, prefixLength } = options.objective(random.fork('prefix'), { tokens: whole, hasImage });
  if (!hasImage) return { id, tokens, prefixLength };
  if (!image)
    throw new DataError('DATA_INVALID', `example "${id}" has no image; put it among the text-only documents`);
  return { id, tokens, prefixLength, image: options.transform(image, random.fork('image'), text) };
}
