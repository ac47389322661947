import { readFile } from 'node:fs/promises';
import { ConfigError, didYouMean, type JsonValue } from '@simvlm/core';
import { applyOverrides } from '../config/overrides';
import { resolveRunConfig } from '../config/resolve';
import type { RunConfig } from '../config/schema';
import { parseConfig, readRecipe, recipeNames } from './recipe/shipped';

/**
 * Reads a run configuration and applies `--set key=value` pairs (dotted keys; values are JSON, else strings).
 *
 * @param place a file, or the name of a recipe that comes with this package, such as `small/vqa`; a file goes before a recipe
 */
export async function readRunConfig(place: string, overrides: readonly string[] = []): Promise<RunConfig> {
  return resolveRunConfig(applyOverrides(await writtenConfig(place), overrides), place);
}

/** The same as it is written, without defaults. */
export async function writtenConfig(place: string): Promise<Record<string, JsonValue>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(place);
  } catch (error) {
    const names = await recipeNames();
    if (names.includes(place)) return (await readRecipe(place)).config;
    throw new ConfigError(
      'CONFIG_INVALID',
      `cannot read the config ${place}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}${place.endsWith('.json') ? '' : `; there is no recipe of this name either, there are ${names.join(', ')}${didYouMean(place, names)}`}`,
      { cause: error },
    );
  }
  return parseConfig(bytes, place);
}
