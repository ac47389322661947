import { ConfigError, checkOptions, type Objective, type Random, rule } from '@simvlm/core';

export interface SpanCorruptionOptions {
  /** Share of the tokens that is taken out, between 0 and 1; default 0.15. */
  readonly noiseDensity?: number;
  /** Mean length of a span in tokens, 1 or more; default 3. */
  readonly meanSpanLength?: number;
  /** Ids of the sentinels in the order of their use: one for each span of the longest text, and one more. */
  readonly sentinels: readonly number[];
  /** The id of the end token. */
  readonly eos: number;
  /** Tokens of prefix and target together, at most. */
  readonly maxTextLength: number;
}

/**
 * Span corruption, the objective of T5 (Raffel et al., 2020, section 3.1.4): spans of the text are taken out, each leaves a sentinel
 * behind, and what is predicted is the sentinels with what each stands for, then one more sentinel and the end token.
 *
 * ```
 * text     Thank you for inviting me to your party last week <eos>
 * prefix   Thank you <0> me to your party <1> week
 * target   <0> for inviting <1> last <2> <eos>
 * ```
 *
 * Of n tokens (the end token not counted) `round(n · noiseDensity)` are taken out, at least 1 and at most n − 1, in
 * `round(noise / meanSpanLength)` spans, at least 1, rounded half to even, as T5's code does. That code puts a span at the end of every
 * text, always, so that texts of up to 30 tokens, and so nearly every caption, would lose their last tokens and no others; here every
 * arrangement of spans with a token or more between two of them is as likely. A text of one token is one span.
 *
 * Prefix and target together are longer than the text: a text that would not fit `maxTextLength` loses its tail.
 *
 * @throws ConfigError for an option that is unknown or out of range, or when there are too few sentinels
 */
export function spanCorruption(options: SpanCorruptionOptions): Objective {
  const { sentinels, eos, maxTextLength, ...rates } = options;
  checkSpanRates(rates);
  const { noiseDensity = 0.15, meanSpanLength = 3 } = rates;
  const longest = longestText(maxTextLength, noiseDensity, meanSpanLength);
  const needed = spanCounts(longest, noiseDensity, meanSpanLength).spans + 1;
  if (sentinels.length < needed)
    throw new ConfigError(
      'CONFIG_INVALID',
      `objective span-corruption: texts of ${maxTextLength} tokens need ${needed} sentinels, the tokenizer has ${sentinels.length}; ` +
        'add some to its vocabulary (withSentinels, or "sentinels" of the tokenizer in a run configuration)',
    );
  return (random, { tokens }) => {
    const text = tokens.subarray(0, Math.min(tokens.length - 1, longest));
    const spans = noiseSpans(random, text.length, spanCounts(text.length, noiseDensity, meanSpanLength));
    return corrupted(text, spans, sentinels, eos);
  };
}

/** @throws ConfigError for what is neither of the two, or out of range */
export function checkSpanRates(rates: object): void {
  checkOptions('objective span-corruption', rates, {
    noiseDensity: {
      expected: 'a number between 0 and 1',
      accepts: value => typeof value === 'number' && value > 0 && value < 1,
    },
    meanSpanLength: rule.number(1),
  });
}

/** A span of a text: tokens `start … start + length − 1`. */
interface Span {
  readonly start: number;
  readonly length: number;
}

interface SpanCounts {
  /** Tokens that are taken out. */
  readonly noise: number;
  readonly spans: number;
}

/** How much of n tokens is taken out, in how many spans. */
function spanCounts(n: number, noiseDensity: number, meanSpanLength: number): SpanCounts {
  if (n < 2) return { noise: n, spans: n };
  const noise = Math.min(Math.max(roundHalfToEven(n * noiseDensity), 1), n - 1);
  // Between two spans there is a token that stays.
  const most = Math.min(noise, n - noise + 1);
  return { noise, spans: Math.min(Math.max(roundHalfToEven(noise / meanSpanLength), 1), most) };
}

/** The most tokens whose prefix and target fit: each span needs two sentinels, the target one more and the end token. */
function longestText(maxTextLength: number, noiseDensity: number, meanSpanLength: number): number {
  let n = maxTextLength - 2;
  while (n > 0 && n + 2 * spanCounts(n, noiseDensity, meanSpanLength).spans + 2 > maxTextLength) n--;
  if (n < 1)
    throw new ConfigError(
      'CONFIG_INVALID',
      `objective span-corruption: a text of one token becomes 5, which do not fit maxTextLength ${maxTextLength}`,
    );
  return n;
}

/** Spans that lie anywhere but side by side, every arrangement as likely. */
function noiseSpans(random: Random, n: number, { noise, spans }: SpanCounts): Span[] {
  if (spans === 0) return [];
  const lengths = composition(random, noise, spans);
  // Of the gaps before, between and after the spans the outer two may be empty.
  const gaps = composition(random, n - noise + 2, spans + 1);
  let end = -1;
  return lengths.map((length, i) => {
    const start = end + gaps[i]!;
    end = start + length;
    return { start, length };
  });
}

/** `total` as an ordered sum of `parts` numbers of 1 or more, each such sum as likely. */
function composition(random: Random, total: number, parts: number): number[] {
  const cuts = [...random.permutation(total - 1).subarray(0, parts - 1)].map(cut => cut + 1);
  const bounds = [0, ...cuts.sort((a, b) => a - b), total];
  return bounds.slice(1).map((bound, i) => bound - bounds[i]!);
}

function corrupted(text: Int32Array, spans: readonly Span[], sentinels: readonly number[], eos: number) {
  const prefix: number[] = [];
  const target: number[] = [];
  let at = 0;
  for (const [i, { start, length }] of spans.entries()) {
    prefix.push(...text.subarray(at, start), sentinels[i]!);
    at = start + length;
    target.push(sentinels[i]!, ...text.subarray(start, at));
  }
  prefix.push(...text.subarray(at));
  target.push(sentinels[spans.length]!, eos);
  return { tokens: Int32Array.from([...prefix, ...target]), prefixLength: prefix.length };
}

/** As IEEE 754 and the original's `tf.round` do: 1.5 and 2.5 both become 2. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
