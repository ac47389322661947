import * as z from 'zod';

// A page may forbid code that is made from text, which zod would compile its checks to.
z.config({ jitless: true });

/** What a value must be stands as the message of its check: `configError` makes the sentence around it. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Excludes the bound. */
  readonly above?: number;
  readonly below?: number;
}

/** A finite number. */
export function number(range: Range, description: string) {
  const expected = `a number${rangeText(range)}`;
  return bounded(z.number(expected), range, expected).describe(description);
}

/** A whole number. */
export function integer(min: number, max: number | undefined, description: string) {
  const range = { min, ...(max !== undefined && { max }) };
  const expected = `an integer${rangeText(range)}`;
  return bounded(z.int(expected), range, expected).describe(description);
}

function bounded<T extends z.ZodNumber>(schema: T, { min, max, above, below }: Range, expected: string): T {
  let result: z.ZodNumber = schema;
  if (min !== undefined) result = result.min(min, expected);
  if (max !== undefined) result = result.max(max, expected);
  if (above !== undefined) result = result.gt(above, expected);
  if (below !== undefined) result = result.lt(below, expected);
  return result as T;
}

function rangeText({ min, max, above, below }: Range): string {
  const low = min === undefined ? (above === undefined ? undefined : `above ${above}`) : `${min}`;
  if (low === undefined) return '';
  if (below !== undefined) return ` from ${low} to below ${below}`;
  if (max !== undefined) return above === undefined ? ` from ${low} to ${max}` : ` ${low} and at most ${max}`;
  return above === undefined ? ` ≥ ${low}` : ` ${low}`;
}

export function text(description: string) {
  return z.string('a string').describe(description);
}

export function flag(description: string) {
  return z.boolean('true or false').describe(description);
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T, description: string) {
  return z.enum(values, `one of ${values.join(', ')}`).describe(description);
}

/** The message is that of the list, whichever of its items is wrong. */
export function texts(description: string) {
  return z.array(z.string('a list of strings'), 'a list of strings').describe(description);
}

/** An object of these keys and no others. */
export function section<S extends z.ZodRawShape>(shape: S, description: string) {
  const required = () =>
    Object.keys(shape).filter(key => !z.safeParse(shape[key] as z.ZodType, undefined).success);
  return z
    .strictObject(shape, {
      error: ({ input }) =>
        input === undefined
          ? `an object with ${required()
              .map(key => `"${key}"`)
              .join(' and ')}`
          : 'an object',
    })
    .describe(description);
}
