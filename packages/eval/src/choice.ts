import {
  DataError,
  type EvaluationResult,
  type ExampleDataset,
  Random,
  SkipLog,
  type SkipReport,
  type Tokenizer,
} from '@simvlm/core';
import { imagePixels, textTokens } from '@simvlm/data';
import { meanScores, type Scores } from '@simvlm/metrics';
import { pictureSquare, type SimVlm } from '@simvlm/model';
import { type CandidateOptions, candidateDraw } from './candidate-draw';
import { promptTokens } from './captions';
import { likeliest } from './likeliest';
import { metricsOf } from './measured';
import { nothingEvaluated } from './nothing-evaluated';
import { pictureBatches } from './pictures';
import { exactMatch, normalizeCaption } from './text-metrics';

export interface ChoiceOptions extends CandidateOptions {
  /** Text prefix that stands before every candidate, and is not scored; default: none. */
  readonly prompt?: string;
  /** Pictures a batch; default 16 (each counts N rows). */
  readonly batchSize?: number;
  /**
   * Changes which picture stands with which captions (index → index of the picture to show): the control that must fall to
   * chance when the evaluation is honest.
   */
  readonly pictureOf?: (index: number) => number;
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ChoicePrediction {
  readonly id: string;
  /** The candidate of the largest likelihood; of several one that is not the truth. */
  readonly text: string;
  readonly truth: string;
  readonly candidates: readonly string[];
  /** Σ log p of each candidate, end token included, in nats. */
  readonly scores: readonly number[];
  /** Different candidates have the largest likelihood: not a hit, even if the truth is among them. */
  readonly tied: boolean;
}

export interface ChoiceReport {
  readonly predictions: readonly ChoicePrediction[];
  /**
   * `accuracy` by summed log-likelihood, `accuracyPerToken` by its mean over tokens, `chance`, `count`; `ties`: pictures whose likeliest
   * candidates are equally likely.
   */
  readonly metrics: EvaluationResult;
  /** Candidates with more tokens than the model reads, each once: they were compared by the tokens that fit. */
  readonly cut: readonly string[];
  readonly skipped: SkipReport;
}

/**
 * Likelihood choice among N captions: which one does the model find most likely for the picture? Judged by the sum of the log
 * probabilities, which is the likelihood of the caption; the mean over its tokens, which does not favour short captions, is
 * reported beside it. An example without a caption is skipped and reported, as one with an unreadable picture is.
 *
 * A tie is never a hit: see `likeliest`. After an abort the report is on the pictures done so far.
 *
 * @throws DataError when there are fewer than N different captions, given candidates lack the truth, or no picture can be used; the
 *   signal's reason when it aborts before the first batch is done
 */
export async function captionChoice(
  model: SimVlm,
  tokenizer: Tokenizer,
  dataset: ExampleDataset,
  options: ChoiceOptions = {},
): Promise<ChoiceReport> {
  const { batchSize = 16, limit = dataset.length, signal, onProgress, pictureOf, prompt = '' } = options;
  const { maxTextLength } = model.config;
  const promptIds = promptTokens(prompt, tokenizer, maxTextLength);
  const shown = withCaptions(pictureOf ? withPictures(dataset, pictureOf) : dataset);
  const candidatesOf = await candidateDraw(dataset, options);
  const predictions: ChoicePrediction[] = [];
  const perToken: boolean[] = [];
  const cut = new Set<string>();
  const skipped = new SkipLog();
  const pictures = pictureBatches(
    shown,
    { square: pictureSquare(model.config), batchSize, limit, ...(signal && { signal }) },
    skipped,
  );
  for await (const batch of pictures) {
    const lists = batch.map(({ id, text }) => candidatesOf(id, text));
    const tokens = lists.map(list =>
      list.map(text => candidateTokens(text, tokenizer, maxTextLength - promptIds.length, cut)),
    );
    const scores = await model.scoreCandidates(
      {
        images: imagePixels(batch.map(({ image }) => image)),
        prompts: batch.map(() => promptIds),
      },
      tokens,
    );
    for (const [i, { id, text: truth }] of batch.entries()) {
      const [candidates, ids, sums] = [lists[i]!, tokens[i]!, scores[i]!];
      const { index, tied } = likeliest(candidates, ids, sums, truth);
      predictions.push({ id, text: candidates[index]!, truth, candidates, scores: sums, tied });
      const means = sums.map((sum, k) => sum / ids[k]!.length);
      perToken.push(exactMatch(candidates[likeliest(candidates, ids, means, truth).index]!, truth));
    }
    onProgress?.(predictions.length + skipped.report().draws, Math.min(limit, dataset.length));
  }
  if (predictions.length === 0) {
    signal?.throwIfAborted();
    throw nothingEvaluated(skipped.report());
  }
  const metrics = {
    ...metricsOf(predictions.length, {
      accuracy: choiceScores(predictions).accuracy,
      accuracyPerToken: meanScores(perToken.map(Number)),
      chance: meanScores(predictions.map(({ candidates }) => 1 / candidates.length)),
    }),
    ties: predictions.filter(({ tied }) => tied).length,
  };
  return { predictions, metrics, cut: [...cut], skipped: skipped.report() };
}

/** Of each picture, whether its likeliest caption is the true one. */
export function choiceScores(predictions: readonly ChoicePrediction[]): Record<'accuracy', Scores> {
  return { accuracy: meanScores(predictions.map(({ text, truth }) => Number(exactMatch(text, truth)))) };
}

/** The tokens of a candidate as far as the model reads them; notes in `cut` that it has more. */
function candidateTokens(
  text: string,
  tokenizer: Tokenizer,
  maxTextLength: number,
  cut: Set<string>,
): Int32Array {
  const tokens = textTokens(text, tokenizer, maxTextLength);
  // Full is not yet too long: only then it is encoded once more.
  if (tokens.length === maxTextLength && tokenizer.encode(text).length >= maxTextLength) cut.add(text);
  return tokens;
}

/** Every picture with another one's captions: `pictureOf` of a control run. No index keeps its picture. */
export function derangement(length: number, seed: number): (index: number) => number {
  const order = Random.fromSeed(seed).fork('derangement').permutation(length);
  const target = new Uint32Array(length);
  // One cycle through all of them in random order: none stays where it was.
  for (let i = 0; i < length; i++) target[order[i]!] = order[(i + 1) % length]!;
  return index => target[index]!;
}

function withPictures(dataset: ExampleDataset, pictureOf: (index: number) => number): ExampleDataset {
  return {
    length: dataset.length,
    async get(index) {
      const [{ id, text }, { image }] = [await dataset.get(index), await dataset.get(pictureOf(index))];
      return { id, text, ...(image && { image }) };
    },
  };
}

function withCaptions(dataset: ExampleDataset): ExampleDataset {
  return {
    length: dataset.length,
    async get(index) {
      const example = await dataset.get(index);
      if (normalizeCaption(example.text) === '')
        throw new DataError('CAPTION_EMPTY', `example "${example.id}" has no caption`);
      return example;
    },
  };
}
