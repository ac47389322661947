import type { Command } from 'commander';

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
  return recipe;
}
