import { ConfigError } from './errors';

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
    accepts: value => typeof value === 'number' && value >= min && value <= max,
  }),
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
} satisfies Record<string, unknown>;

/**
 * Refuses unknown keys and values that their rule does not accept; keys that are absent or undefined pass.
 *
 * @param where how the message names the object, such as `model config`
 * @throws ConfigError with the key, what was given and what is allowed
 */
export function checkOptions(
  where: string,
  options: object,
  rules: Readonly<Record<string, OptionRule>>,
): void {
  for (const [key, value] of Object.entries(options)) {
    const known = rules[key];
    if (!known) {
      throw new ConfigError(
        'CONFIG_UNKNOWN_KEY',
        `${where}: unknown key "${key}"; allowed: ${Object.keys(rules).join(', ')}`,
      );
    }
    if (value !== undefined && !known.accepts(value)) {
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where}: "${key}" must be ${known.expected}, got ${JSON.stringify(value)}`,
      );
    }
  }
}
