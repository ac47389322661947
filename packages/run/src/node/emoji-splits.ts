import { DataError, type ExampleDataset } from '@simvlm/core';
import type { EmojiDataset } from '@simvlm/dataset-emoji';
import {
  captionChoice,
  captionMetrics,
  derangement,
  type Neighbour,
  type Prediction,
  pixelNearestNeighbours,
  predictCaptions,
} from '@simvlm/eval';
import type { SimVlm } from '@simvlm/model';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import type { Reporter } from '../reporter';

export interface SplitResult {
  readonly name: string;
  readonly pictures: ExampleDataset;
  /** Of these, in their order. */
  readonly predictions: readonly Prediction[];
  readonly count: number;
  /** Shares from 0 to 1. */
  readonly exact: number;
  readonly wordF1: number;
  readonly choice: number;
  /** The choice with the pictures exchanged: near 0.05 where the evaluation is honest. */
  readonly shuffledChoice: number;
  /** Exact matches of the pixel-nearest training picture's caption. */
  readonly neighbourExact: number;
}

type Splits = readonly (readonly [name: string, pictures: ExampleDataset])[];

/**
 * Evaluates a model on splits of the data set, beside the pixel-nearest neighbour.
 *
 * @throws DataError for a split without pictures, before any is evaluated; the signal's reason on abort
 */
export async function evaluateSplits(
  model: SimVlm,
  tokenizer: AnyTokenizer,
  { emoji, splits }: { readonly emoji: EmojiDataset; readonly splits: Splits },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<SplitResult[]> {
  const empty = splits.find(([, { length }]) => length === 0);
  if (empty)
    throw new DataError('DATA_INVALID', `nothing was evaluated: the split ${empty[0]} has no pictures`);
  const total = splits.reduce((sum, [, { length }]) => sum + length, 0);
  const bar = reporter.bar('evaluating');
  const results: Omit<SplitResult, 'neighbourExact'>[] = [];
  let done = 0;
  try {
    bar.update(0, total);
    for (const [name, pictures] of splits) {
      const { predictions } = await predictCaptions(model, tokenizer, pictures, { signal });
      const choose = (shuffled: boolean) =>
        captionChoice(model, tokenizer, pictures, {
          signal,
          ...(shuffled && { pictureOf: derangement(pictures.length, 0) }),
          onProgress: count =>
            bar.update(done + Math.round((count + (shuffled ? pictures.length : 0)) / 2), total),
        });
      const choice = (await choose(false)).metrics.accuracy!;
      const shuffledChoice = (await choose(true)).metrics.accuracy!;
      signal.throwIfAborted();
      const { exactMatch, wordF1, count } = captionMetrics(predictions) as Record<string, number>;
      results.push({
        ...{ name, pictures, predictions, choice, shuffledChoice },
        ...{ count: count!, exact: exactMatch!, wordF1: wordF1! },
      });
      done += pictures.length;
    }
  } finally {
    bar.stop();
  }
  const neighbours = await pixelNearestNeighbours(
    emoji.train,
    splits.map(([, pictures]) => pictures),
  );
  return results.map((result, i) => ({ ...result, neighbourExact: exactOf(neighbours[i]!) }));
}

function exactOf(neighbours: readonly Neighbour[]): number {
  return captionMetrics(neighbours).exactMatch!;
}
