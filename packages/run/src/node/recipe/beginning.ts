import { ConfigError, type Registry } from '@simvlm/core';
import { modelParameters, type SimVlmConfig } from '@simvlm/model';
import { checkParts } from '../../check-parts';
import type { RunConfig } from '../../config/schema';
import { readRunConfig } from '../read-config';
import { recipeNames } from './shipped';

/** What a run begins with, where another recipe makes it. */
export interface Beginning {
  /** The recipe of the run that `init` names. */
  readonly recipe: string;
  /** Parameters that are interpolated for pictures of another size: positions and tables of the relative bias. */
  readonly resized: readonly string[];
}

/** What `resizeWeights` interpolates. */
const RESIZED = /^positions\.image$|\.relative_bias$/;

/**
 * Finds the recipe that makes the run which `init` names, `runs/NAME`, and sees that its weights fit.
 *
 * @returns undefined where no recipe makes it
 * @throws ConfigError for a model that differs in more than the size of its pictures
 */
export async function beginningOf(
  { init }: RunConfig,
  model: SimVlmConfig,
  registry: Registry,
): Promise<Beginning | undefined> {
  const run = /^runs\/([^/]+)$/.exec(init ?? '')?.[1];
  if (run === undefined) return undefined;
  for (const recipe of await recipeNames()) {
    const from = await readRunConfig(recipe);
    if (from.name === run)
      return { recipe, resized: resized(recipe, checkParts(from, registry), model, registry) };
  }
  return undefined;
}

function resized(
  recipe: string,
  from: SimVlmConfig,
  to: SimVlmConfig,
  registry: Registry,
): readonly string[] {
  const [before, after] = [modelParameters(from, registry), modelParameters(to, registry)];
  const shapeOf = (name: string, all: typeof before) =>
    all.has(name) ? `[${all.get(name).shape}]` : 'missing';
  const names = [...new Set([...before.names(), ...after.names()])];
  const others = names.filter(name => shapeOf(name, before) !== shapeOf(name, after));
  const wrong = others.find(name => !RESIZED.test(name));
  if (wrong !== undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      `"init": the run of ${recipe} is of another model: "${wrong}" is ${shapeOf(wrong, before)} there, and ${shapeOf(wrong, after)} here`,
    );
  return others;
}
