import { ConfigError, Random } from '@simvlm/core';
import {
  checkSampler,
  type TokenSamplerOptions,
  type TopKOptions,
  type TopPOptions,
} from './sampler-options';
import { largest, logSumExp, topOf } from './top';

export interface Choice {
  readonly token: number;
  /** Natural logarithm of the token's probability under the model (temperature 1, no truncation). */
  readonly logProb: number;
}

/**
 * Chooses from `float32[V]` logits of row `row` at step `step`; a row's choices depend on no other row. `caption` counts the
 * captions of a row; default 0.
 */
export type Sampler = (logits: Float32Array, row: number | string, step: number, caption?: number) => Choice;

/** @throws ConfigError for an unknown kind, values out of range, and for beams, which are no choice of single tokens */
export function createSampler(options: TokenSamplerOptions): Sampler {
  const pick = createPicker(options);
  return (logits, row, step, caption = 0) => {
    const token = pick(logits, { row, step, caption });
    return { token, logProb: logits[token]! - logSumExp(logits) };
  };
}

/** What the random draw of a token depends on, besides the seed. */
export interface DrawPlace {
  readonly row: number | string;
  readonly caption: number;
  readonly step: number;
}

/** A token from `float32[V]` logits, some of which may be −∞: such tokens are never chosen. */
export type Picker = (logits: Float32Array, place: DrawPlace) => number;

/** @throws ConfigError as `createSampler` does */
export function createPicker(options: TokenSamplerOptions): Picker {
  checkSampler(options);
  if (options.kind === 'greedy') return largest;
  if (options.kind !== 'top-k' && options.kind !== 'top-p')
    throw new ConfigError('CONFIG_INVALID', 'sampler: beams are for generate({ sampler }) alone');
  const { k } = options;
  const uniform = uniforms(options.seed);
  if (k === undefined) {
    const { p = 1, temperature = 1 } = options;
    return (logits, place) => fromNucleus(logits, p, temperature, uniform(place));
  }
  const draw = createDraw(options);
  return (logits, place) => {
    const tokens = topOf(logits, k);
    return tokens[
      draw(
        Float32Array.from(tokens, token => logits[token]!),
        place,
      )
    ]!;
  };
}

/** Draws a place in logits that fall from the first on: from the nucleus of what they make. */
export type Draw = (falling: ArrayLike<number>, place: DrawPlace) => number;

export function createDraw({ p = 1, temperature = 1, seed }: TopKOptions | TopPOptions): Draw {
  const uniform = uniforms(seed);
  return (falling, place) => {
    const { weights, mass } = weigh(falling, falling[0]!, temperature);
    let kept = 0;
    let count = 0;
    // What is blocked has no weight, and is never among them.
    while (count < weights.length && weights[count]! > 0 && kept < p * mass) kept += weights[count++]!;
    let left = uniform(place) * kept;
    for (let i = 0; i < count; i++) {
      left -= weights[i]!;
      if (left < 0) return i;
    }
    return count - 1;
  };
}

/** The random number of each place. */
function uniforms(seed: number): (place: DrawPlace) => number {
  const random = Random.fromSeed(seed).fork('sampler');
  return ({ row, caption, step }) => {
    const ofRow = random.fork(row);
    // The first caption of several is the one that a request for one makes.
    return (caption === 0 ? ofRow : ofRow.fork(`caption ${caption}`)).fork(step).uniform();
  };
}

/**
 * A token of the nucleus. Only the weights are sorted, which typed arrays do fast; the draw goes through the nucleus in the order of the
 * vocabulary.
 */
function fromNucleus(logits: Float32Array, p: number, temperature: number, uniform: number): number {
  const { weights, mass } = weigh(logits, logits[largest(logits)]!, temperature);
  const rising = weights.slice().sort();
  let kept = 0;
  let count = 0;
  let least = rising.at(-1)!;
  /** Tokens of the nucleus that are as light as its lightest: of those that are not all in it, the first are. */
  let light = 0;
  while (count < rising.length && rising.at(-1 - count)! > 0 && kept < p * mass) {
    const weight = rising.at(-1 - count++)!;
    light = weight === least ? light + 1 : 1;
    least = weight;
    kept += weight;
  }
  let left = uniform * kept;
  let last = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token]!;
    if (weight < least || (weight === least && light-- <= 0)) continue;
    last = token;
    left -= weight;
    if (left < 0) return token;
  }
  return last;
}

/** exp((logit − peak) / temperature), and the sum of it. */
function weigh(logits: ArrayLike<number>, peak: number, temperature: number) {
  const weights = Float64Array.from(logits);
  let mass = 0;
  for (let i = 0; i < weights.length; i++) mass += weights[i] = Math.exp((weights[i]! - peak) / temperature);
  return { weights, mass };
}
