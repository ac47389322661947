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
export function recipeNames(): Promise<readonly string[]> {
  return shippedNames(recipesFolder);
}

/** The names of the JSON files of a folder of this package, sorted: their places without the ending. */
export async function shippedNames(folder: URL): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true });
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
  const file = shippedFile(recipesFolder, name);
  return { name, file, config: parseConfig(await readFile(file), file) };
}

/** The file of this name. */
export function shippedFile(folder: URL, name: string): string {
  return fileURLToPath(new URL(`${name}${ENDING}`, folder));
}

/** A run configuration as it is written in a file. @throws ConfigError for what is no JSON object */
export function parseConfig(bytes: Uint8Array, file: string): Record<string, JsonValue> {
  return parseJsonObject(
    bytes,
    file,
    (message, options) => new ConfigError('CONFIG_INVALID', message, options),
  );
}
