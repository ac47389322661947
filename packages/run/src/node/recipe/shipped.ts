import { readdir, readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, didYouMean, type JsonValue, parseJsonObject } from '@simvlm/core';
import { recipesFolder } from '../../recipes-folder';

/** A configuration that comes with this package. */
export interface Recipe {
  /** Its place without the ending: `small/vqa`. */
  readonly name: string;
  readonly file: string;
  /** The configuration as it is written. */
  readonly config: Record<string, JsonValue>;
}

const ENDING = '.json';

/** The names of all recipes, sorted. */
export async function recipeNames(): Promise<readonly string[]> {
  const files = await readdir(recipesFolder, { recursive: true });
  return files
    .filter(file => file.endsWith(ENDING))
    .map(file => file.slice(0, -ENDING.length).replaceAll(sep, '/'))
    .sort();
}

/** The recipe of this name. @throws ConfigError that lists all names where there is none */
export async function readRecipe(name: string): Promise<Recipe> {
  const names = await recipeNames();
  if (!names.includes(name))
    throw new ConfigError(
      'CONFIG_INVALID',
      `no recipe "${name}"; there are ${names.join(', ')}${didYouMean(name, names)}`,
    );
  const file = fileURLToPath(new URL(`${name}${ENDING}`, recipesFolder));
  return { name, file, config: parseConfig(await readFile(file), file) };
}

/** A run configuration as it is written in a file. @throws ConfigError for what is no JSON object */
export function parseConfig(bytes: Uint8Array, file: string): Record<string, JsonValue> {
  return parseJsonObject(
    bytes,
    file,
    (message, options) => new ConfigError('CONFIG_INVALID', message, options),
  );
}
