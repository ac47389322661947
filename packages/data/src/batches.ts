import {
  type BatchSource,
  ConfigError,
  checkOptions,
  DataError,
  type Example,
  type ExampleDataset,
  type JsonValue,
  type Objective,
  type PrefixLmBatch,
  type PrefixSampler,
  type Random,
  type RgbImage,
  rule,
  SkipLog,
  type Tokenizer,
} from '@simvlm/core';
import { collate, type Row, textTokens } from './collate';
import { prefixObjective } from './prefix';
import { savedPosition } from './saved-position';
import { type IndexStream, shuffledIndices } from './sources';

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

export interface BatchSourceOptions {
  /** Pairs; their images go through `transform`. */
  readonly imageText?: Part;
  /** Documents; an image they have is left out. */
  readonly textOnly?: Part;
  readonly tokenizer: Tokenizer;
  /** T at most, the end token included. */
  readonly maxTextLength: number;
  /** How much of each text is prefix; or `objective`. */
  readonly prefix?: PrefixSampler;
  /** What is learnt from a text, where that is more than where to split it. */
  readonly objective?: Objective;
  /** Makes the square model input, augmentation included, from a stream of its own for each example and step. */
  readonly transform: (image: RgbImage, random: Random, text: string) => RgbImage;
  readonly random: Random;
}

const savedRules = { step: rule.integer(0), streams: rule.array, skipped: rule.object };

interface Stream {
  readonly part: Part;
  readonly indices: IndexStream;
  readonly hasImage: boolean;
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
  const { random, imageText, textOnly, maxTextLength } = options;
  const objective = objectiveOf(options);
  checkOptions('batches', { maxTextLength }, { maxTextLength: rule.integer(2) });
  const streams: Stream[] = [];
  const add = (part: Part | undefined, name: string, hasImage: boolean) => {
    if (!part) return;
    const { batchSize, lengthGroups } = part;
    checkOptions(
      `batches: ${name}`,
      { batchSize, lengthGroups },
      { batchSize: rule.integer(0), lengthGroups: rule.integer(1) },
    );
    if (batchSize === 0) return;
    const indices = shuffledIndices(part.dataset.length, {
      random: random.fork(name),
      ...(part.weight && { weight: part.weight }),
    });
    streams.push({ part, indices, hasImage });
  };
  add(imageText, 'image-text', true);
  add(textOnly, 'text-only', false);
  if (streams.length === 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      'batches: give imageText, textOnly or both, with a batchSize above 0',
    );
  const made = { ...options, objective };
  let step = 0;
  const skipped = new SkipLog();

  return {
    stepsPerEpoch: stepsOf(streams[0]!.part),
    async next(): Promise<readonly PrefixLmBatch[]> {
      const draws = random.fork('step').fork(step);
      const parts: PrefixLmBatch[] = [];
      for (const stream of streams) parts.push(...(await nextParts(stream, made, draws, skipped)));
      step++;
      return parts;
    },
    state: (): JsonValue => ({
      step,
      streams: streams.map(({ indices }) => indices.state()),
      skipped: skipped.state(),
    }),
    restore(state) {
      const saved = savedPosition(state, 'data', savedRules);
      const places = saved.streams as JsonValue[];
      if (places.length !== streams.length)
        throw new DataError(
          'DATA_INVALID',
          `the saved data position is of other data: "data.streams" has ${places.length} kinds of examples, this run has ${streams.length}`,
        );
      for (const [i, { indices }] of streams.entries()) indices.restore(places[i]!);
      skipped.restore(saved.skipped!);
      step = saved.step as number;
    },
    skipped: () => skipped.report(),
  };
}

/** An epoch is one of the pairs; of the documents where there are only these. */
function stepsOf({ dataset, batchSize, weight }: Part): number {
  let examples = dataset.length;
  if (weight) {
    examples = 0;
    for (let index = 0; index < dataset.length; index++) examples += weight(index);
  }
  return Math.ceil(examples / batchSize);
}

type Making = BatchSourceOptions & { readonly objective: Objective };

function objectiveOf({ prefix, objective }: BatchSourceOptions): Objective {
  if ((prefix === undefined) === (objective === undefined))
    throw new ConfigError('CONFIG_INVALID', 'batches: give "prefix" or "objective", one of the two');
  return objective ?? prefixObjective(prefix!);
}

async function nextParts(
  { part, indices, hasImage }: Stream,
  options: Making,
  draws: Random,
  skipped: SkipLog,
): Promise<PrefixLmBatch[]> {
  const { dataset, batchSize, lengthGroups = 1 } = part;
  const rows: Row[] = [];
  let failuresInARow = 0;
  while (rows.length < batchSize) {
    const index = indices.next();
    const random = draws.fork(`${hasImage ? 'image' : 'text'}-${rows.length}`);
    try {
      rows.push(toRow(await dataset.get(index), hasImage, options, random));
      failuresInARow = 0;
    } catch (error) {
      // Pairs and documents each have indices of their own.
      skipped.add(`${hasImage ? 'pair' : 'document'} ${index}`, error, `example ${index}`);
      // The one good example can be the first of an epoch and the last of the next: only so many failures in a row hold
      // a whole epoch.
      if (++failuresInARow >= Math.max(2 * dataset.length - 1, 1)) {
        throw new DataError(
          'DATA_INVALID',
          `none of ${dataset.length} examples can be used; the last: ${(error as Error).message}`,
          { cause: error },
        );
      }
    }
  }
  const { pad } = options.tokenizer.special;
  if (lengthGroups === 1) return [collate(rows, { pad })];
  rows.sort((a, b) => a.tokens.length - b.tokens.length);
  const size = Math.ceil(rows.length / lengthGroups);
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
