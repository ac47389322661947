import type { JsonValue } from '@simvlm/core';

/** A key with its value in each configuration; undefined where it is not there. */
export type Row = readonly [key: string, values: readonly (JsonValue | undefined)[]];

/** What configurations say of themselves, which no run depends on. */
const HEAD = 'about.';

/** Dotted keys in which configurations differ, in the order in which they come; of one configuration all keys. */
export function differences(configs: readonly JsonValue[]): Row[] {
  const flat = configs.map(config => new Map(leaves(config).filter(([key]) => !key.startsWith(HEAD))));
  const keys = new Set(flat.flatMap(each => [...each.keys()]));
  const rows = [...keys].map((key): Row => [key, flat.map(each => each.get(key))]);
  if (configs.length === 1) return rows;
  return rows.filter(([, values]) => new Set(values.map(value => JSON.stringify(value))).size > 1);
}

function leaves(value: JsonValue, path = ''): [string, JsonValue][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}
