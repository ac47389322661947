import { ConfigError, didYouMean, OptionError } from '@simvlm/core';
import * as z from 'zod';
import { runSchema } from './schema';

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with a configuration as one message: the key with its path, the value, and what is allowed there. A slip in a required key
 * is both an unknown key and a missing one; the first says more.
 */
export function configError(where: string, given: unknown, issues: readonly Issue[]): ConfigError {
  const isGiven = ({ path }: Issue) => valueAt(given, path.map(String)) !== undefined;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues.find(isGiven) ?? issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return unknownKey(where, path, issue.keys[0]!);
  // The message of a list is the same whichever of its items is wrong.
  while (/^\d+$/.test(path.at(-1) ?? '')) path.pop();
  const value = valueAt(given, path);
  if (path.length === 0) return invalid(`${where}: must be ${issue.message}`);
  if (value === undefined) return invalid(`${where}: "${path.join('.')}" is missing; give ${issue.message}`);
  const nearest =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? didYouMean(value, issue.values.map(String))
      : '';
  return new OptionError(where, path.join('.'), issue.message, value, nearest);
}

/** @param path of the object that has the key */
export function unknownKey(where: string, path: readonly string[], key: string): ConfigError {
  const allowed = Object.keys(shapeAt(path)).filter(name => name !== '$schema');
  const full = JSON.stringify([...path, key].join('.'));
  return new ConfigError(
    'CONFIG_UNKNOWN_KEY',
    `${where}: unknown key ${full}${allowed.length === 0 ? '' : `; allowed: ${allowed.join(', ')}`}${didYouMean(key, allowed)}`,
  );
}

function invalid(message: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', message);
}

/** The keys of the object at this path; none where any are allowed. */
function shapeAt(path: readonly string[]): z.core.$ZodShape {
  let schema: z.core.$ZodType = runSchema;
  for (const key of path) {
    if (schema instanceof z.ZodDefault && schema.unwrap() instanceof z.ZodArray) {
      schema = (schema.unwrap() as z.ZodArray).element;
      continue;
    }
    const shape = shapeOf(schema);
    if (!Object.hasOwn(shape, key)) return {};
    schema = shape[key]!;
  }
  return shapeOf(schema);
}

function shapeOf(schema: z.core.$ZodType): z.core.$ZodShape {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner instanceof z.ZodObject ? inner.shape : {};
}

/** The value at this path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (object, key) =>
      typeof object === 'object' && object !== null && Object.hasOwn(object, key)
        ? (object as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}
