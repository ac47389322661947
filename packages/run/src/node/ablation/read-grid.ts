import { readFile } from 'node:fs/promises';
import { ConfigError, didYouMean } from '@simvlm/core';
import { type Grid, gridOf, resolveGridConfig } from '../../ablation/grid';
import type { Options } from '../../config/sources';
import { gridsFolder } from '../../recipes-folder';
import { writtenConfig } from '../read-config';
import { parseConfig, shippedFile, shippedNames } from '../recipe/shipped';

/**
 * Reads a grid, with the configuration that it begins from.
 *
 * @param place a file, or the name of a grid that comes with this package; a file goes before such a name
 * @throws ConfigError for what is no grid, with the key's path, its value and what is allowed
 */
export async function readGrid(place: string): Promise<Grid> {
  const given = parseConfig(await bytesOf(place), place);
  const config = resolveGridConfig(given, place);
  const base = typeof config.base === 'string' ? await writtenConfig(config.base) : config.base;
  return gridOf(config, structuredClone(base) as Options, place);
}

async function bytesOf(place: string): Promise<Uint8Array> {
  try {
    return await readFile(place);
  } catch (error) {
    const names = await shippedNames(gridsFolder);
    if (names.includes(place)) return readFile(shippedFile(gridsFolder, place));
    throw new ConfigError(
      'CONFIG_INVALID',
      `cannot read the grid ${place}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}${place.endsWith('.json') ? '' : `; there is no grid of this name either, there are ${names.join(', ')}${didYouMean(place, names)}`}`,
      { cause: error },
    );
  }
}
