import { type ExampleDataset, SkipLog, type SkipReport, type Tokenizer } from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import { pictureSquare, type SimVlm } from '@simvlm/model';
import { promptTokens } from '../captions';
import { classOf, withClasses } from '../features/labelled';
import { nothingEvaluated } from '../nothing-evaluated';
import { pictureBatches } from '../pictures';
import { classTokens, templateOf, wordsOf } from './template';

/** How a prompt is judged: Σ log p, its mean over the tokens, or Σ log p less that of the same words for a grey picture. */
export type PromptNormalisation = 'sum' | 'length' | 'prior';

export interface PromptOptions {
  /** The field of an example that is its class; `text` is its text. */
  readonly label: string;
  readonly templates: readonly string[];
  readonly normalise: PromptNormalisation;
  /** The classes that a picture is compared with, its own among them, in any order. */
  readonly classesOf: (id: string, label: string) => readonly string[];
  readonly batchSize: number;
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How a picture's classes compare. */
export interface PromptPrediction {
  readonly id: string;
  readonly label: string;
  /** The likeliest first. */
  readonly classes: readonly string[];
  /** Of each. */
  readonly scores: readonly number[];
  /** How many of the other classes are as likely as its own one or likelier; all of them where its own is none of them. */
  readonly before: number;
}

/** As bright as the pictures of a blank source. */
const GREY = 128;

/**
 * Zero-shot classification: the class whose prompt the model finds likeliest for a picture. Of several templates a class's score is the mean, so that
 * their probabilities are multiplied.
 *
 * @throws DataError when no picture can be used; ShapeError for a template that leaves no room; the signal's reason on abort
 */
export async function classifyByPrompts(
  model: SimVlm,
  tokenizer: Tokenizer,
  dataset: ExampleDataset,
  options: PromptOptions,
): Promise<{
  readonly predictions: readonly PromptPrediction[];
  /** Classes whose words are longer than the model reads. */
  readonly cut: readonly string[];
  readonly skipped: SkipReport;
}> {
  const { label: field, limit = dataset.length, signal, onProgress, batchSize } = options;
  const square = pictureSquare(model.config);
  const cut = new Set<string>();
  // A text is written as it stands.
  const words = field === 'text' ? (name: string) => name : wordsOf;
  const { normalise } = options;
  const templates = options.templates.map(text => scorer(model, tokenizer, text, { normalise, words, cut }));
  const predictions: PromptPrediction[] = [];
  const skipped = new SkipLog();
  const pictures = pictureBatches(
    withClasses(dataset, field),
    { square, batchSize, limit, ...(signal && { signal }) },
    skipped,
  );
  for await (const batch of pictures) {
    const images = imagePixels(batch.map(({ image }) => image));
    const labels = batch.map(example => classOf(example, field));
    const lists = batch.map(({ id }, i) => options.classesOf(id, labels[i]!));
    const sums = lists.map(list => new Float64Array(list.length));
    for (const score of templates) {
      const scores = await score(images, lists);
      for (const [i, list] of scores.entries())
        for (const [k, value] of list.entries()) sums[i]![k]! += value / templates.length;
    }
    for (const [i, { id }] of batch.entries())
      predictions.push(compared(id, labels[i]!, lists[i]!, sums[i]!));
    onProgress?.(predictions.length + skipped.report().draws, Math.min(limit, dataset.length));
  }
  signal?.throwIfAborted();
  if (predictions.length === 0) throw nothingEvaluated(skipped.report());
  return { predictions, cut: [...cut], skipped: skipped.report() };
}

type Scorer = (images: Uint8Array, lists: readonly (readonly string[])[]) => Promise<number[][]>;

interface Scoring {
  readonly normalise: PromptNormalisation;
  /** How a class is written. */
  readonly words: (name: string) => string;
  /** Takes the classes that are longer than the model reads. */
  readonly cut: Set<string>;
}

/** What scores the classes of pictures by one template. */
function scorer(
  model: SimVlm,
  tokenizer: Tokenizer,
  text: string,
  { normalise, words, cut }: Scoring,
): Scorer {
  const template = templateOf(text);
  const { maxTextLength, imageSize } = model.config;
  const prompt = promptTokens(template.prefix, tokenizer, maxTextLength);
  const room = maxTextLength - prompt.length;
  const known = new Map<string, Int32Array>();
  const tokensOf = (name: string): Int32Array => {
    const given = known.get(name);
    if (given) return given;
    const [tokens, more] = [room, room + 1].map(count =>
      classTokens(words(name), template, tokenizer, count),
    );
    if (more!.length > tokens!.length) cut.add(name);
    known.set(name, tokens!);
    return tokens!;
  };
  const sums = (images: Uint8Array, lists: readonly (readonly string[])[]) =>
    model.scoreCandidates(
      { images, prompts: lists.map(() => prompt) },
      lists.map(list => list.map(tokensOf)),
    );
  const priors = new Map<string, number>();
  const learnPriors = async (names: readonly string[]) => {
    const unknown = names.filter(name => !priors.has(name));
    if (unknown.length === 0) return;
    const blank = new Uint8Array(imageSize * imageSize * 3).fill(GREY);
    const [scores] = await sums(blank, [unknown]);
    for (const [i, name] of unknown.entries()) priors.set(name, scores![i]!);
  };
  return async (images, lists) => {
    const scores = await sums(images, lists);
    if (normalise === 'sum') return scores;
    if (normalise === 'prior') await learnPriors([...new Set(lists.flat())]);
    return scores.map((list, i) =>
      list.map((sum, k) => {
        const name = lists[i]![k]!;
        return normalise === 'length' ? sum / tokensOf(name).length : sum - priors.get(name)!;
      }),
    );
  };
}

function compared(
  id: string,
  label: string,
  names: readonly string[],
  scores: Float64Array,
): PromptPrediction {
  const own = names.indexOf(label);
  // A class that is as likely as the true one was not told from it, and a score that is no number says nothing.
  const isBefore = (k: number) => k !== own && !(scores[k]! < scores[own]!);
  const before = own < 0 ? names.length : [...names.keys()].filter(isBefore).length;
  const order = [...names.keys()].sort(
    (a, b) => scores[b]! - scores[a]! || Number(a === own) - Number(b === own),
  );
  return {
    ...{ id, label, before },
    classes: order.map(k => names[k]!),
    scores: order.map(k => scores[k]!),
  };
}
