/**
 * Generation written a second time, without a cache and without care for speed: the whole text through `model.logits` for every token,
 * every continuation of every beam in one list. What `generate` must equal.
 */
import type { BeamOptions, SimVlm } from '../src/index';
import { firstPredicted, realLogits, tinyBatch } from './tiny';

export interface SlowOptions {
  /** New tokens at most, the end token included. */
  limit: number;
  minLength?: number;
  penalty?: number;
  ngram?: number;
}

export interface SlowText {
  tokens: number[];
  /** The model's log p of each token, the end token's included. */
  logProbs: number[];
  finished: boolean;
  score: number;
}

/** What a text continues: `pixels` of one image or none. */
export interface Prefix {
  prompt: readonly number[];
  pixels?: Uint8Array;
}

/** Logits of the token after prompt and `made`. */
export function nextLogits(model: SimVlm, { prompt, pixels }: Prefix, made: readonly number[]): Float32Array {
  const text = tinyBatch([{ text: [...prompt, ...made], prefix: prompt.length }], { images: false });
  const batch = pixels ? { ...text, images: { side: 8, pixels } } : text;
  return realLogits(model, batch)[0]![prompt.length + made.length - firstPredicted(model, batch, 0)]!;
}

export function logSoftmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const peak = Math.max(...values);
  const total = values.reduce((sum, logit) => sum + Math.exp(logit - peak), 0);
  return values.map(logit => logit - peak - Math.log(total));
}

/** For each token log p of the model, and what the rules make of its logit or of log p: −∞ where it is forbidden. */
function ruled(
  model: SimVlm,
  prefix: Prefix,
  made: readonly number[],
  { minLength = 0, penalty = 1, ngram = 0 }: SlowOptions,
  of: 'logits' | 'logProbs',
) {
  const logits = nextLogits(model, prefix, made);
  // The start token stands in the text, too.
  const text = [2, ...prefix.prompt, ...made];
  const numbers = of === 'logits' ? Array.from(logits) : logSoftmax(logits);
  const rules = numbers.map((number, token) => {
    const value = !text.includes(token) ? number : number > 0 ? number / penalty : number * penalty;
    if (token === 3) return made.length < minLength ? -Infinity : value;
    return ngram > 0 && repeats([...text, token], ngram) ? -Infinity : value;
  });
  return { model: logSoftmax(logits), rules };
}

/** Whether the last n tokens are an n-gram that came before. */
function repeats(text: readonly number[], n: number): boolean {
  const all = text.map((_, i) => text.slice(i, i + n).join()).slice(0, text.length - n + 1);
  return all.slice(0, -1).includes(all.at(-1)!);
}

export function slowGreedy(model: SimVlm, prefix: Prefix, options: SlowOptions): SlowText {
  const text: SlowText = { tokens: [], logProbs: [], finished: false, score: 0 };
  while (text.logProbs.length < options.limit && !text.finished) {
    const { model: own, rules } = ruled(model, prefix, text.tokens, options, 'logits');
    const best = rules.indexOf(Math.max(...rules));
    text.logProbs.push(own[best]!);
    if (best === 3) text.finished = true;
    else text.tokens.push(best);
  }
  return text;
}

/** The best texts of beam search, best first: see `BeamOptions`. */
export function slowBeams(
  model: SimVlm,
  prefix: Prefix,
  { beams, lengthPenalty: alpha = 1, earlyStopping = false }: BeamOptions,
  options: SlowOptions,
): SlowText[] {
  let live = [{ tokens: [] as number[], logProbs: [] as number[], sum: 0 }];
  let complete: SlowText[] = [];
  for (let length = 1; live.length > 0; length++) {
    const all = live.flatMap(({ tokens, logProbs, sum }) => {
      const { model: own, rules } = ruled(model, prefix, tokens, options, 'logProbs');
      return rules.map((value, token) => ({
        tokens: [...tokens, token],
        logProbs: [...logProbs, own[token]!],
        sum: sum + value,
      }));
    });
    const ranked = all.filter(({ sum }) => sum > -Infinity).sort((a, b) => b.sum - a.sum);
    const isOver = ({ tokens }: { tokens: number[] }) => tokens.at(-1) === 3 || length === options.limit;
    for (const { tokens, logProbs, sum } of ranked.slice(0, beams).filter(isOver)) {
      const finished = tokens.at(-1) === 3;
      complete.push({
        tokens: finished ? tokens.slice(0, -1) : tokens,
        ...{ logProbs, finished, score: sum / length ** alpha },
      });
    }
    complete = complete.sort((a, b) => b.score - a.score).slice(0, beams);
    live = ranked.filter(text => !isOver(text)).slice(0, beams);
    if (complete.length < beams || live.length === 0) continue;
    const hoped = earlyStopping === 'never' ? options.limit : length;
    if (earlyStopping === true || live[0]!.sum / hoped ** alpha <= complete.at(-1)!.score) break;
  }
  return complete;
}
