import {
  ConfigError,
  DataError,
  type EvaluationResult,
  type ExampleDataset,
  ImageError,
  Random,
  type SkipReport,
  type Tokenizer,
} from '@simvlm/core';
import { imagePixels, textTokens } from '@simvlm/data';
import type { SimVlm } from '@simvlm/model';
import { pictureBatches } from './pictures';
import { normalizeCaption } from './text-metrics';

export interface ChoiceOptions {
  /** N: the true caption and N − 1 others; default 20. */
  readonly choices?: number;
  /** Seed of the draw of the others; default 0. */
  readonly seed?: number;
  /** Captions to draw the others from; default: the captions of the data set. */
  readonly pool?: readonly string[];
  /** Candidates by example id, the true caption among them, instead of a draw. */
  readonly candidates?: ReadonlyMap<string, readonly string[]>;
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
  /** The candidate of the largest likelihood. */
  readonly text: string;
  readonly truth: string;
  readonly candidates: readonly string[];
  /** Σ log p of each candidate, end token included, in nats. */
  readonly scores: readonly number[];
}

export interface ChoiceReport {
  readonly predictions: readonly ChoicePrediction[];
  /** `accuracy` by summed log-likelihood, `accuracyPerToken` by its mean over tokens, `chance`, `count`. */
  readonly metrics: EvaluationResult;
  readonly skipped: SkipReport;
}

/**
 * Likelihood choice among N captions: which one does the model find most likely for the picture? Judged by the sum of the log
 * probabilities, which is the likelihood of the caption; the mean over its tokens, which does not favour short captions, is
 * reported beside it. An example without a caption is skipped and reported, as one with an unreadable picture is.
 *
 * @throws DataError when there are fewer than N different captions, or given candidates lack the truth
 */
export async function captionChoice(
  model: SimVlm,
  tokenizer: Tokenizer,
  dataset: ExampleDataset,
  options: ChoiceOptions = {},
): Promise<ChoiceReport> {
  const { batchSize = 16, limit = dataset.length, signal, onProgress, pictureOf } = options;
  const shown = withCaptions(pictureOf ? withPictures(dataset, pictureOf) : dataset);
  const candidatesOf = await candidateDraw(dataset, options);
  const predictions: ChoicePrediction[] = [];
  const perToken: boolean[] = [];
  const skipped = { count: 0, reasons: [] as string[] };
  const pictures = pictureBatches(
    shown,
    { imageSize: model.config.imageSize, batchSize, limit, ...(signal && { signal }) },
    skipped,
  );
  for await (const batch of pictures) {
    const lists = batch.map(({ id, text }) => candidatesOf(id, text));
    const tokens = lists.map(list =>
      list.map(text => textTokens(text, tokenizer, model.config.maxTextLength)),
    );
    const scores = await model.scoreCandidates(imagePixels(batch.map(({ image }) => image)), tokens);
    for (const [i, { id, text: truth }] of batch.entries()) {
      const [candidates, sums] = [lists[i]!, scores[i]!];
      const text = candidates[argMax(sums)]!;
      predictions.push({ id, text, truth, candidates, scores: sums });
      perToken.push(same(candidates[argMax(sums.map((sum, k) => sum / tokens[i]![k]!.length))]!, truth));
    }
    onProgress?.(predictions.length + skipped.count, Math.min(limit, dataset.length));
  }
  const count = predictions.length;
  const metrics = {
    accuracy: predictions.filter(({ text, truth }) => same(text, truth)).length / count,
    accuracyPerToken: perToken.filter(right => right).length / count,
    chance: predictions.reduce((sum, { candidates }) => sum + 1 / candidates.length, 0) / count,
    count,
  };
  return { predictions, metrics, skipped };
}

/** Every picture with another one's captions: `pictureOf` of a control run. No index keeps its picture. */
export function derangement(length: number, seed: number): (index: number) => number {
  const order = Random.fromSeed(seed).fork('derangement').permutation(length);
  const target = new Uint32Array(length);
  // One cycle through all of them in random order: none stays where it was.
  for (let i = 0; i < length; i++) target[order[i]!] = order[(i + 1) % length]!;
  return index => target[index]!;
}

/** For an example its candidates: given ones, or the truth among N − 1 others in random order. */
async function candidateDraw(
  dataset: ExampleDataset,
  { choices = 20, seed = 0, pool, candidates }: ChoiceOptions,
) {
  if (candidates) {
    return (id: string, truth: string): readonly string[] => {
      const given = candidates.get(id);
      if (!given?.some(text => same(text, truth)))
        throw new DataError(
          'DATA_INVALID',
          `the candidates of "${id}" ${given ? 'lack its caption' : 'are missing'}`,
        );
      return given;
    };
  }
  if (choices < 2)
    throw new ConfigError('CONFIG_INVALID', `captionChoice: choices must be 2 or more, got ${choices}`);
  const different = new Map((pool ?? (await allTexts(dataset))).map(text => [normalizeCaption(text), text]));
  different.delete('');
  const texts = [...different.values()];
  if (texts.length < choices)
    throw new DataError(
      'DATA_INVALID',
      `a choice among ${choices} needs as many different captions, there are ${texts.length}`,
    );
  const random = Random.fromSeed(seed).fork('choice');
  return (id: string, truth: string): readonly string[] => {
    const draw = random.fork(id);
    const chosen = new Map([[normalizeCaption(truth), truth]]);
    while (chosen.size < choices) {
      const text = draw.pick(texts);
      chosen.set(normalizeCaption(text), chosen.get(normalizeCaption(text)) ?? text);
    }
    const list = [...chosen.values()];
    return Array.from(draw.permutation(list.length), index => list[index]!);
  };
}

async function allTexts(dataset: ExampleDataset): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < dataset.length; i++) {
    try {
      texts.push((await dataset.get(i)).text);
    } catch (error) {
      // A picture that cannot be read is reported where pictures are read; its caption is no candidate.
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
    }
  }
  return texts;
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

function same(a: string, b: string): boolean {
  return normalizeCaption(a) === normalizeCaption(b);
}

function argMax(values: readonly number[]): number {
  let best = 0;
  for (const [i, value] of values.entries()) if (value > values[best]!) best = i;
  return best;
}
