import { ConfigError, checkOptions, Random, rule } from '@simvlm/core';

/** How the next token is chosen. */
export type SamplerOptions =
  | { readonly kind: 'greedy' }
  | {
      /** Nucleus sampling (Holtzman et al., 2020): from the fewest tokens whose probabilities reach `p`. */
      readonly kind: 'top-p';
      /** 0 < p ≤ 1 */
      readonly p: number;
      /** Logits are divided by it; above 0, default 1. */
      readonly temperature?: number;
      readonly seed: number;
    };

export interface Choice {
  readonly token: number;
  /** Natural logarithm of the token's probability under the model (temperature 1, no truncation). */
  readonly logProb: number;
}

/** Chooses from `float32[V]` logits of row `row` at step `step`; a row's choices depend on no other row. */
export type Sampler = (logits: Float32Array, row: number, step: number) => Choice;

/** @throws ConfigError for an unknown kind or values out of range */
export function createSampler(options: SamplerOptions): Sampler {
  if (options.kind === 'greedy') {
    checkOptions('sampler', options, { kind: rule.string });
    return logits => choose(logits, largest(logits));
  }
  if (options.kind !== 'top-p') {
    throw new ConfigError(
      'CONFIG_INVALID',
      `sampler: kind must be greedy or top-p, got ${JSON.stringify((options as { kind: unknown }).kind)}`,
    );
  }
  checkOptions('sampler', options, {
    kind: rule.string,
    p: rule.number(0, 1),
    temperature: rule.number(0),
    seed: rule.integer(0),
  });
  const { p, temperature = 1, seed } = options;
  if (seed === undefined) throw new ConfigError('CONFIG_INVALID', 'sampler: "seed" is missing');
  if (!(p > 0) || !(temperature > 0))
    throw new ConfigError('CONFIG_INVALID', 'sampler: p and temperature must be above 0');
  const random = Random.fromSeed(seed).fork('sampler');
  return (logits, row, step) =>
    choose(logits, nucleus(logits, p, temperature, random.fork(row).fork(step).uniform()));
}

function largest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

function nucleus(logits: Float32Array, p: number, temperature: number, draw: number): number {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const peak = logits[order[0]!]!;
  const weights = order.map(token => Math.exp((logits[token]! - peak) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let count = 0;
  while (count < weights.length && kept < p * total) kept += weights[count++]!;
  let left = draw * kept;
  for (let i = 0; i < count; i++) {
    left -= weights[i]!;
    if (left < 0) return order[i]!;
  }
  return order[count - 1]!;
}

function choose(logits: Float32Array, token: number): Choice {
  let peak = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > peak) peak = logit;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - peak);
  return { token, logProb: logits[token]! - peak - Math.log(total) };
}
