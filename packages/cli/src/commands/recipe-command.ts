import type { Command } from 'commander';
import { collect, count, positiveNumber } from '../arguments';
import { computeOptions } from './compute-options';

/** Adds `simvlm recipe`. */
export function addRecipeCommand(program: Command, done: (code: number) => void): Command {
  const recipe = program
    .command('recipe')
    .description('configurations that come with simvlm: simvlm train takes their names');
  recipe
    .command('list')
    .description('the names of all recipes, and what each is for')
    .option('--json', 'print as JSON what each says of itself')
    .action(async options => done(await (await import('./recipe')).recipeList(options)));
  recipe
    .command('show <name>')
    .description('print the configuration')
    .action(async name => done(await (await import('./recipe')).recipeShow(name)));
  const check = recipe
    .command('check <name...>')
    .description(
      'check a recipe, or a configuration of your own, without its data: builds the model at full size, makes a few records in the format of its data sets, reads them, makes a batch by its task, and counts parameters, memory and operations of a step',
    )
    .option('--rows <n>', 'rows of the batch that is made, at most', count, 4)
    .option('--forward', 'compute the loss of that batch too, with fresh weights')
    .option('--tflops <n>', 'say how long a step takes at so many 10^12 operations a second', positiveNumber)
    .option('--set <key=value>', 'change a value of the config, as for train', collect, [])
    .option('--json', 'print one JSON object a line')
    .action(async (names, options) =>
      done(await (await import('./recipe-check')).recipeCheck(names, options)),
    );
  for (const option of computeOptions()) check.addOption(option);
  return recipe;
}
