import type { JsonValue } from '@simvlm/core';
import { readRecipe, recipeNames } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { textTable } from '../report/score-table';
import { printLine } from '../terminal';

/** `simvlm recipe list`. */
export async function recipeList({ json }: { readonly json?: boolean }): Promise<number> {
  const names = await recipeNames();
  const recipes = await Promise.all(names.map(readRecipe));
  const heads = recipes.map(({ name, config }) => ({
    name,
    ...(config.about as Readonly<Record<string, JsonValue>> & { readonly what?: string }),
  }));
  if (json) printLine(JSON.stringify(heads, null, 2));
  else
    printLine(
      textTable(
        ['recipe', 'what it is for'],
        heads.map(({ name, what = '' }) => [name, `${what}`]),
        'left',
      ),
    );
  return exitCode.ok;
}

/** `simvlm recipe show NAME`: as it is written. */
export async function recipeShow(name: string): Promise<number> {
  const { config } = await readRecipe(name);
  printLine(JSON.stringify(config, null, 2));
  return exitCode.ok;
}
