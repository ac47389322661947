import { ConfigError, checkOptions, type OptionRule, rule } from '@simvlm/core';

/** What sampling needs whatever it is cut to. */
interface DrawOptions {
  /** Logits are divided by it before anything is cut off; above 0, default 1. */
  readonly temperature?: number;
  /** An integer from 0 on. A draw depends on it, the row's id, the caption's number and the step, and on nothing else. */
  readonly seed: number;
}

/** Sampling from the `k` likeliest tokens (Fan et al., 2018); of equal ones the first in the vocabulary. */
export interface TopKOptions extends DrawOptions {
  readonly kind: 'top-k';
  /** k ≥ 1 */
  readonly k: number;
  /** The nucleus of what is left, 0 < p ≤ 1; default 1. */
  readonly p?: number;
}

/** Nucleus sampling (Holtzman et al., 2020): from the fewest tokens whose probabilities reach `p`. */
export interface TopPOptions extends DrawOptions {
  readonly kind: 'top-p';
  /** 0 < p ≤ 1; 1 samples from the model as it is. */
  readonly p: number;
  /** The nucleus is that of the k likeliest tokens; default: of all. */
  readonly k?: number;
}

/** When beam search is content with what it has; see `BeamOptions`. */
export type EarlyStopping = boolean | 'never';

/**
 * Beam search, as Hugging Face Transformers 5.24 does it. A text's score is Σ log p / length^α, where length counts its new tokens, the end token
 * included (Wu et al., 2016, section 7, on why; theirs is another formula).
 *
 * A step ranks all continuations of the `beams` texts of a row by Σ log p. One that ends, or is as long as it may be, is complete if it is among the
 * first `beams`, else forgotten; the best `beams` of the others go on. The best `beams` complete texts are kept. Once there are so many, the row is
 * done as `earlyStopping` says:
 *
 * ```
 * true       at once
 * false      when the likeliest text that goes on, scored as it stands, is not better than the worst of them        default
 * 'never'    when it would not be, were it as long as it may be and all that is added certain: for α > 0 the search that can miss nothing
 * ```
 *
 * With one beam and without `never` this is greedy decoding, unless there is a repetition penalty: of beams it changes log p itself, which is always
 * multiplied, and not the logits. Neither the penalty nor blocked tokens make other tokens likelier.
 */
export interface BeamOptions {
  readonly kind: 'beam';
  /** ≥ 1 */
  readonly beams: number;
  /** α ≥ 0; 0 compares sums, more favours longer texts; default 1. */
  readonly lengthPenalty?: number;
  /** Default false. */
  readonly earlyStopping?: EarlyStopping;
}

/** Each token chosen on its own. */
export type TokenSamplerOptions = { readonly kind: 'greedy' } | TopKOptions | TopPOptions;

/** How the next token is chosen. */
export type SamplerOptions = TokenSamplerOptions | BeamOptions;

export const above0 = (rest = ''): OptionRule => ({
  expected: `a number above 0${rest}`,
  accepts: value =>
    typeof value === 'number' && value > 0 && (rest === '' ? Number.isFinite(value) : value <= 1),
});

const drawing = { temperature: above0(), seed: rule.integer(0) };

const earlyStopping: OptionRule = {
  expected: 'true, false or "never"',
  accepts: value => typeof value === 'boolean' || value === 'never',
};

const rules = {
  greedy: { kind: rule.string },
  'top-k': { kind: rule.string, k: rule.integer(1), p: above0(', 1 at most'), ...drawing },
  'top-p': { kind: rule.string, p: above0(', 1 at most'), k: rule.integer(1), ...drawing },
  beam: { kind: rule.string, beams: rule.integer(1), lengthPenalty: rule.number(0, 100), earlyStopping },
} satisfies Record<SamplerOptions['kind'], Record<string, OptionRule>>;

const required: Record<SamplerOptions['kind'], readonly string[]> = {
  greedy: [],
  'top-k': ['k', 'seed'],
  'top-p': ['p', 'seed'],
  beam: ['beams'],
};

/** @throws ConfigError for an unknown kind, an option that the kind does not have, lacks or cannot take */
export function checkSampler(options: SamplerOptions): void {
  const { kind } = options;
  if (!Object.hasOwn(rules, kind)) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `sampler: kind must be greedy, top-k, top-p or beam, got ${JSON.stringify(kind)}`,
    );
  }
  checkOptions(`sampler ${kind}`, options, rules[kind]);
  for (const key of required[kind]) {
    if ((options as unknown as Record<string, unknown>)[key] === undefined)
      throw new ConfigError('CONFIG_INVALID', `sampler ${kind}: "${key}" is missing`);
  }
}
