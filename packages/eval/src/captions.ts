import {
  DataError,
  type EvaluationResult,
  type ExampleDataset,
  ShapeError,
  SkipLog,
  type SkipReport,
  type Tokenizer,
} from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import {
  captionTokens,
  meanScores,
  captionMetrics as metricsOfTokens,
  type Scores,
  tokeniseCaptions,
} from '@simvlm/metrics';
import { decodable, pictureSquare, picturesAtOnce, type SamplerOptions, type SimVlm } from '@simvlm/model';
import { metricsOf, type NamedScores } from './measured';
import { nothingEvaluated } from './nothing-evaluated';
import { pictureBatches } from './pictures';
import { exactMatch, wordF1 } from './text-metrics';

export interface CaptionOptions {
  /** Default: as many as the model has room for; see `picturesAtOnce` of `@simvlm/model`. */
  readonly batchSize?: number;
  /** Text prefix that every caption goes on from, such as the paper's `A picture of`; it is no part of the caption. */
  readonly prompt?: string;
  /** Default: greedy. */
  readonly sampler?: SamplerOptions;
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Prediction {
  readonly id: string;
  /** The caption, without the prompt. */
  readonly text: string;
  readonly truth: string;
  /** What people wrote of the picture, `truth` among it. */
  readonly references: readonly string[];
  /** Σ log p of the generated tokens, in nats. */
  readonly logProb: number;
}

export interface CaptionReport {
  /** In the order of the data set. */
  readonly predictions: readonly Prediction[];
  readonly skipped: SkipReport;
}

/**
 * Captions every picture of a data set. Memory is constant over batches. After an abort the predictions are those made so far.
 *
 * @throws DataError when no picture can be used; ShapeError for a prompt that is too long
 */
export async function predictCaptions(
  model: SimVlm,
  tokenizer: Tokenizer,
  dataset: ExampleDataset,
  options: CaptionOptions = {},
): Promise<CaptionReport> {
  const { prompt = '', sampler, onProgress, limit = dataset.length, signal } = options;
  const { batchSize = picturesAtOnce(model, sampler ? { sampler } : {}) } = options;
  const promptIds = promptTokens(prompt, tokenizer, model.config.maxTextLength);
  const predictions: Prediction[] = [];
  const skipped = new SkipLog();
  const pictures = pictureBatches(
    dataset,
    { square: pictureSquare(model.config), batchSize, limit, ...(signal && { signal }) },
    skipped,
  );
  for await (const batch of pictures) {
    const generated = await model.generate({
      images: imagePixels(batch.map(({ image }) => image)),
      ...(promptIds.length > 0 && { prompts: batch.map(() => promptIds) }),
      ...(sampler && { sampler }),
    });
    for (const [i, { tokens, logProb }] of generated.entries()) {
      const { id, text: truth, references = [truth] } = batch[i]!;
      predictions.push({
        id,
        truth,
        references,
        text: tokenizer.decode(decodable(tokens, model.config)),
        logProb,
      });
    }
    onProgress?.(predictions.length + skipped.report().draws, Math.min(limit, dataset.length));
  }
  if (predictions.length === 0 && !signal?.aborted) throw nothingEvaluated(skipped.report());
  return { predictions, skipped: skipped.report() };
}

type Compared = Pick<Prediction, 'text' | 'truth'> & Partial<Pick<Prediction, 'references'>>;

/** Exact match and word F1 of predictions, 0 to 1; of several references the one that fits best. */
export function captionScores(predictions: readonly Compared[]): Record<'exactMatch' | 'wordF1', Scores> {
  const best = (compare: (text: string, truth: string) => number) =>
    meanScores(
      predictions.map(({ text, truth: first, references = [first] }) =>
        Math.max(...references.map(truth => compare(text, truth))),
      ),
    );
  return { exactMatch: best((text, truth) => Number(exactMatch(text, truth))), wordF1: best(wordF1) };
}

/**
 * The numbers of `captionScores`, and how many predictions they are of.
 *
 * @throws DataError where there are none
 */
export function captionMetrics(predictions: readonly Compared[]): EvaluationResult {
  return metricsOf(predictions.length, captionScores(predictions));
}

/**
 * The metrics of COCO's caption evaluation: `bleu1` to `bleu4`, `rougeL`, `ciderD`; see `@simvlm/metrics`. METEOR is not among them, as it needs
 * WordNet; `simvlm metrics captions` has it.
 *
 * @throws DataError where there are none, or references without a word
 */
export function cocoScores(
  predictions: readonly Pick<Prediction, 'id' | 'text' | 'references'>[],
): NamedScores {
  const items = predictions.map(({ id, text, references }) => ({ id, prediction: text, references }));
  return { ...metricsOfTokens(tokeniseCaptions(items, 'the evaluator coco')) };
}

/** The numbers of `cocoScores`, and how many predictions they are of. @throws DataError as `cocoScores` */
export function cocoMetrics(
  predictions: readonly Pick<Prediction, 'id' | 'text' | 'references'>[],
): EvaluationResult {
  return metricsOf(predictions.length, cocoScores(predictions));
}

/**
 * Refuses what `cocoMetrics` would refuse after every picture was captioned; where outlines cannot be had, it says nothing.
 *
 * @throws DataError for an example of which no reference has a word
 */
export function checkReferences(dataset: ExampleDataset, limit = dataset.length): void {
  for (let index = 0; dataset.outline && index < Math.min(limit, dataset.length); index++) {
    const { id, text, references = [text] } = dataset.outline(index);
    if (captionTokens(references).every(line => line === ''))
      throw new DataError(
        'DATA_INVALID',
        `the evaluator coco: example "${id}": none of its references has a word`,
      );
  }
}

/** @throws ShapeError for a prompt that leaves no room for a caption */
export function promptTokens(prompt: string, tokenizer: Tokenizer, maxTextLength: number): Int32Array {
  const ids = prompt.trim() === '' ? new Int32Array(0) : tokenizer.encode(prompt.trim());
  // A token of the caption, and the end.
  if (ids.length > maxTextLength - 2)
    throw new ShapeError(
      `the prompt has ${ids.length} tokens; the model reads ${maxTextLength} with the caption and its end`,
    );
  return ids;
}
