import { ConfigError, didYouMean, OptionError } from '@simvlm/core';
import * as z from 'zod';
import { runSchema } from './schema';

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/**
 * What is wrong with a configuration as one message: the key with its path, the value, and what is allowed there. A slip in a required key
 * is both an unknown key and a missing one; the first says more.
 *
 * @param schema of what is given; default: a run's
 */
export function configError(
  where: string,
  given: unknown,
  found: readonly Issue[],
  schema: Schema = runSchema,
): ConfigError {
  const issues = found.flatMap(issue => deepest(issue, given));
  const isGiven = ({ path }: Issue) => valueAt(given, path.map(String)) !== undefined;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues.find(isGiven) ?? issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return unknownKey(where, path, issue.keys[0]!, schema);
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

/**
 * A value that may be of several kinds and is none: where it has what one of them needs, such as the "path" of a source, what is wrong inside
 * says more.
 */
function deepest(issue: Issue, given: unknown): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const kinds = issue.errors.map(issues =>
    issues.map(inner => ({ ...inner, path: [...issue.path, ...inner.path] })),
  );
  const isInside = ({ code, path }: Issue) =>
    code === 'unrecognized_keys' ||
    (path.length > issue.path.length && valueAt(given, path.map(String)) !== undefined);
  const meant = kinds.find(issues => issues.every(isInside));
  return meant ? meant.flatMap(inner => deepest(inner, given)) : [issue];
}

/** @param path of the object that has the key */
export function unknownKey(
  where: string,
  path: readonly string[],
  key: string,
  schema: Schema = runSchema,
): ConfigError {
  const allowed = Object.keys(shapeAt(path, schema)).filter(name => name !== '$schema');
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
function shapeAt(path: readonly string[], schema: Schema): z.core.$ZodShape {
  let kinds = kindsOf(schema);
  for (const key of path) {
    const within = kinds.flatMap(kind => {
      if (kind instanceof z.ZodRecord) return [kind.valueType];
      if (kind instanceof z.ZodArray) return /^\d+$/.test(key) ? [kind.element] : [];
      return isStrict(kind) && Object.hasOwn(kind.shape, key) ? [kind.shape[key]!] : [];
    });
    kinds = within.flatMap(kindsOf);
  }
  return kinds.find(isStrict)?.shape ?? {};
}

/** What a value may be, without what wraps it: an optional one, or one of several kinds. */
function kindsOf(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return kindsOf(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.flatMap(kindsOf) : [schema];
}

/** An object of some keys and no others. */
function isStrict(schema: Schema): schema is z.ZodObject {
  return schema instanceof z.ZodObject && schema.def.catchall instanceof z.ZodNever;
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
