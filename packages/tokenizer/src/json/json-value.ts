import { TokenizerError } from '@simvlm/core';
import { shown as shownText } from '../damaged';

/** A parsed object; every member is unknown until it is looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function unusable(what: string): TokenizerError {
  return new TokenizerError('TOKENIZER_INVALID', `not a usable tokenizer.json: ${what}`);
}

/** A value from the file for a message: short, and never more than one level of it. */
export function shown(value: unknown): string {
  if (typeof value !== 'string')
    return Array.isArray(value) ? 'an array' : value === null ? 'null' : typeof value;
  return shownText(value);
}

export function objectOf(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unusable(`${name} is ${shown(value)} instead of an object`);
  return value as JsonObject;
}

export function arrayOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unusable(`${name} is ${shown(value)} instead of an array`);
  return value;
}

/** A string that has a UTF-8 form. */
export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw unusable(`${name} is ${shown(value)} instead of a string`);
  if (/\p{Surrogate}/u.test(value)) throw unusable(`${name} has half a surrogate pair`);
  return value;
}

/** A boolean; `missing` where the file has none. */
export function booleanOf(value: unknown, name: string, missing: boolean): boolean {
  if (value === undefined) return missing;
  if (typeof value !== 'boolean') throw unusable(`${name} is ${shown(value)} instead of true or false`);
  return value;
}

/**
 * The steps of a component: the members of a `Sequence`, or the one step that it is. A Sequence inside a Sequence is left as a
 * step, so that nothing here recurses.
 */
export function stepsOf(value: unknown, name: string, members: string): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  const component = objectOf(value, name);
  if (component.type !== 'Sequence') return [component];
  return arrayOf(component[members], `${name}.${members}`).map(step => objectOf(step, `a step of ${name}`));
}

/** The error for a step that is not known. */
export function unsupported(name: string, step: JsonObject, allowed: string): TokenizerError {
  const type = typeof step.type === 'string' ? shown(step.type).slice(1, -1) : 'without a type';
  return unusable(`${name} ${type} is not supported (only ${allowed})`);
}
