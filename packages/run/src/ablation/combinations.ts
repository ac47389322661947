import { ConfigError, didYouMean, type JsonValue, rule } from '@simvlm/core';
import type { GridConfig } from './schema';

/** A cell as the grid has it. */
export interface Combination {
  readonly name: string;
  readonly set: Readonly<Record<string, JsonValue>>;
  /** The name of the cell whose weights it begins with. */
  readonly after?: string;
  /** Trained for the cells after it alone. */
  readonly hidden?: boolean;
}

/**
 * The cells of a grid by their names, or every combination of its values: the first key changes slowest.
 *
 * @throws ConfigError for values without a name, and cells that begin with one that is not there or is not before them
 */
export function combinations({ grid, cells }: GridConfig, where: string): readonly Combination[] {
  if (cells) return namedCells(cells, where);
  const keys = Object.keys(grid!);
  if (keys.length === 0) throw new ConfigError('CONFIG_INVALID', `${where}: "grid" has no key`);
  const sameEnd = (key: string) => keys.filter(other => lastOf(other) === lastOf(key)).length > 1;
  return keys.reduce<Combination[]>(
    (before, key) => {
      const values = namedValues(key, grid![key]!, where);
      return before.flatMap(({ name, set }) =>
        values.map(([value, of]) => {
          const own = of.isNamed ? value : `${sameEnd(key) ? key : lastOf(key)} ${value}`;
          return { name: name === '' ? own : `${name}, ${own}`, set: { ...set, [key]: of.value } };
        }),
      );
    },
    [{ name: '', set: {} }],
  );
}

interface NamedValue {
  readonly value: JsonValue;
  /** By the file, and not by itself. */
  readonly isNamed: boolean;
}

function namedValues(
  key: string,
  values: NonNullable<GridConfig['grid']>[string],
  where: string,
): [name: string, NamedValue][] {
  if (!Array.isArray(values)) {
    const entries = Object.entries(values as Readonly<Record<string, JsonValue>>);
    if (entries.length === 0) throw new ConfigError('CONFIG_INVALID', `${where}: "grid.${key}" has no value`);
    return entries.map(([name, value]) => [name, { value, isNamed: true }]);
  }
  return values.map((value: JsonValue) => {
    if (rule.object.accepts(value) || rule.array.accepts(value))
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where}: "grid.${key}" has ${JSON.stringify(value)}: give it a name, {"NAME": ${JSON.stringify(value)}}`,
      );
    return [String(value), { value, isNamed: false }];
  });
}

function namedCells(cells: NonNullable<GridConfig['cells']>, where: string): readonly Combination[] {
  const names = Object.keys(cells);
  if (names.length === 0) throw new ConfigError('CONFIG_INVALID', `${where}: "cells" has no cell`);
  return names.map((name, index) => {
    const { set, after, hidden } = cells[name]!;
    if (after !== undefined && !names.slice(0, index).includes(after))
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where}: the cell "${name}" begins after "${after}", which ${names.includes(after) ? 'does not stand before it' : `is no cell${didYouMean(after, names)}`}`,
      );
    return { name, set, ...(after !== undefined && { after }), ...(hidden && { hidden }) };
  });
}

function lastOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
