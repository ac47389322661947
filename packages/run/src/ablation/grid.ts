import { ConfigError, type JsonValue, rule } from '@simvlm/core';
import { presets } from '@simvlm/model';
import { configError, valueAt } from '../config/messages';
import { withValues } from '../config/overrides';
import { resolveRunConfig } from '../config/resolve';
import type { RunConfig } from '../config/schema';
import { type Combination, combinations } from './combinations';
import { type GridConfig, type GridMetric, gridSchema, metricsOf } from './schema';

type Values = Readonly<Record<string, JsonValue>>;

/** A cell of a grid: a configuration that is trained once with each seed. */
export interface Cell {
  readonly name: string;
  /** Its folder. */
  readonly slug: string;
  /** As the run of a seed has it. */
  config(seed: number): RunConfig;
  /** The slug of the cell whose weights it begins with. */
  readonly after?: string;
  /** Trained for the cells after it alone: neither evaluated nor shown. */
  readonly hidden: boolean;
}

/** A grid that can be run: checked, with every default. */
export interface Grid {
  /** How messages name it. */
  readonly where: string;
  readonly cells: readonly Cell[];
  readonly seeds: readonly number[];
  readonly checkpoint: GridConfig['checkpoint'];
  readonly evaluations: GridConfig['evaluations'];
  readonly metrics: readonly GridMetric[];
}

/** The metrics of a run that belong to no evaluation. */
const TRAINING = 'training';

/**
 * A grid, checked, without its base.
 *
 * @param where how messages name it
 * @throws ConfigError with the key's path, its value and what is allowed
 */
export function resolveGridConfig(given: unknown, where: string): GridConfig {
  const parsed = gridSchema.safeParse(given);
  if (!parsed.success) throw configError(where, given, parsed.error.issues, gridSchema);
  const { $schema: _, ...grid } = parsed.data;
  const refuse = (message: string) => {
    throw new ConfigError('CONFIG_INVALID', `${where}: ${message}`);
  };
  if ((grid.grid === undefined) === (grid.cells === undefined)) refuse('give either "grid" or "cells"');
  refuseTwice('"seeds"', grid.seeds, refuse);
  const names = grid.evaluations.map(({ name }) => name);
  refuseTwice('"evaluations"', names, refuse);
  for (const name of names)
    if (!/^[\w.-]+$/.test(name) || name === TRAINING)
      refuse(
        `an evaluation cannot be called "${name}": take letters, digits and - . _, and not "${TRAINING}"`,
      );
  for (const { name } of metricsOf(grid)) {
    const [evaluation] = name.split('/');
    if (!name.includes('/') || ![TRAINING, ...names].includes(evaluation!))
      refuse(
        `the metric "${name}" is of no evaluation: begin it with ${[...names, TRAINING].map(each => `"${each}/`).join(' or ')}…"`,
      );
  }
  return grid;
}

/**
 * The cells of a grid, each with its configuration.
 *
 * @param base the run configuration that they begin from, as it is written
 * @throws ConfigError that names the cell
 */
export function gridOf(grid: GridConfig, base: Record<string, JsonValue>, where: string): Grid {
  const { seeds, checkpoint, evaluations } = grid;
  const all = withCellValues(base, grid.set, where);
  const cells = combinations(grid, where).map(combination => cellOf(combination, all, where));
  const slugs = new Map<string, string>();
  for (const { name, slug } of cells) {
    if (slug === '')
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where}: the cell "${name}" needs a name with a letter or digit`,
      );
    const other = slugs.get(slug);
    if (other !== undefined)
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where}: the cells "${other}" and "${name}" would share a folder`,
      );
    slugs.set(slug, name);
  }
  return {
    ...{ where, seeds, checkpoint, evaluations, metrics: metricsOf(grid) },
    cells: cells.map(({ after, ...cell }) => {
      if (after === undefined) return cell;
      return { ...cell, after: slugOf(after) };
    }),
  };
}

function cellOf(
  { name, set, after, hidden = false }: Combination,
  base: Record<string, JsonValue>,
  where: string,
): Cell {
  const at = `${where}: cell "${name}"`;
  const given = withCellValues(base, set, at);
  const config = (seed: number) => resolveRunConfig({ ...given, seed, name: `seed-${seed}` }, at);
  // What is wrong with it is said before anything is trained.
  config(0);
  return { name, slug: slugOf(name), config, hidden, ...(after !== undefined && { after }) };
}

/** With other values; a preset that one of them changes a part of is written out. */
function withCellValues(
  base: Record<string, JsonValue>,
  set: Values,
  where: string,
): Record<string, JsonValue> {
  const reaches = (key: string) => Object.keys(set).some(each => each.startsWith(`${key}.`));
  const { model } = base;
  const isPreset = typeof model === 'string' && Object.hasOwn(presets, model);
  const written =
    isPreset && reaches('model') ? { ...base, model: presets[model] as unknown as JsonValue } : base;
  for (const key of Object.keys(set)) refuseLost(written, key.split('.').slice(0, -1), where);
  const changed = withValues(written, Object.entries(set));
  for (const [key, value] of Object.entries(set)) if (value === null) remove(changed, key.split('.'));
  return changed;
}

/** What has no keys, such as the path of a source, would be lost if one of its keys got a value. */
function refuseLost(config: unknown, path: readonly string[], where: string): void {
  for (let length = 1; length <= path.length; length++) {
    const key = path.slice(0, length);
    const value = valueAt(config, key);
    if (value !== undefined && !rule.object.accepts(value))
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where}: "${key.join('.')}" is ${JSON.stringify(value)}, which has no keys: set it as a whole`,
      );
  }
}

function remove(config: Record<string, JsonValue>, path: readonly string[]): void {
  const parent = valueAt(config, path.slice(0, -1));
  if (rule.object.accepts(parent)) delete (parent as Record<string, JsonValue>)[path.at(-1)!];
}

/** A name as that of a folder: letters and digits stay, and `-` stands for what is between them. */
function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}

function refuseTwice(key: string, values: readonly unknown[], refuse: (message: string) => void): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) refuse(`${key} has ${JSON.stringify(twice)} twice`);
}
