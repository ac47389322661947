import { ConfigError } from './errors';
import { didYouMean } from './nearest';

/** What one option may be: a description for the message and a test. */
export interface OptionRule {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** Rules for the usual kinds of options. */
export const rule = {
  integer: (min: number, max = Number.MAX_SAFE_INTEGER): OptionRule => ({
    expected: max === Number.MAX_SAFE_INTEGER ? `an integer ≥ ${min}` : `an integer from ${min} to ${max}`,
    accepts: value => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  }),
  number: (min: number, max = Number.POSITIVE_INFINITY): OptionRule => ({
    expected: max === Number.POSITIVE_INFINITY ? `a number ≥ ${min}` : `a number from ${min} to ${max}`,
    // JSON can hold a number that is too large to be finite, such as 1e400.
    accepts: value => Number.isFinite(value) && (value as number) >= min && (value as number) <= max,
  }),
  share: {
    expected: 'a number above 0, up to 1',
    accepts: value => typeof value === 'number' && value > 0 && value <= 1,
  } as OptionRule,
  oneOf: (...allowed: readonly string[]): OptionRule => ({
    expected: `one of ${allowed.join(', ')}`,
    accepts: value => allowed.includes(value as string),
  }),
  string: { expected: 'a string', accepts: value => typeof value === 'string' } as OptionRule,
  boolean: { expected: 'true or false', accepts: value => typeof value === 'boolean' } as OptionRule,
  object: {
    expected: 'an object',
    accepts: value => typeof value === 'object' && value !== null && !Array.isArray(value),
  } as OptionRule,
  array: { expected: 'a list', accepts: value => Array.isArray(value) } as OptionRule,
  strings: {
    expected: 'a list of strings',
    accepts: value => Array.isArray(value) && value.every(item => typeof item === 'string'),
  } as OptionRule,
} satisfies Record<string, unknown>;

/**
 * Refuses unknown keys and values that their rule does not accept; keys that are absent or undefined pass.
 *
 * @param where how the message names the object, such as `model config`
 * @throws ConfigError with the key, what was given and what is allowed, also for options that are no object
 */
export function checkOptions(
  where: string,
  options: object,
  rules: Readonly<Record<string, OptionRule>>,
): void {
  if (!rule.object.accepts(options))
    throw new ConfigError('CONFIG_INVALID', `${where}: must be an object, got ${shown(options)}`);
  for (const [key, value] of Object.entries(options)) {
    // Keys come from files: "constructor" and its like are in every object, but are no option.
    if (!Object.hasOwn(rules, key)) {
      const allowed = Object.keys(rules);
      throw new ConfigError(
        'CONFIG_UNKNOWN_KEY',
        `${where}: unknown key ${shown(key)}; allowed: ${allowed.join(', ')}${didYouMean(key, allowed)}`,
      );
    }
    const { accepts, expected } = rules[key]!;
    if (value !== undefined && !accepts(value)) throw new OptionError(where, key, expected, value);
  }
}

/** An option whose value is not allowed. A program that offers it under another name can say so with the parts. */
export class OptionError extends ConfigError {
  readonly key: string;
  /** What is wrong, to follow the name of the option: `must be a string, got 5`. */
  readonly problem: string;

  /** @param nearest as `didYouMean` has it */
  constructor(where: string, key: string, expected: string, value: unknown, nearest = '') {
    const problem = `must be ${expected}, got ${shown(value)}${nearest}`;
    super('CONFIG_INVALID', `${where}: "${key}" ${problem}`);
    this.key = key;
    this.problem = problem;
  }
}

/** Characters of a value in a message. */
const SHOWN = 100;

/** A value as JSON for a message, on one line and not endless. */
function shown(value: unknown): string {
  const text = typeof value === 'object' || typeof value === 'string' ? jsonOf(value) : String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // A circle, or a bigint inside.
    return 'an object that is no JSON';
  }
}
