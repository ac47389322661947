import type { Command } from 'commander';
import { collect, count } from '../arguments';

/** Adds `simvlm ablate`. */
export function addAblateCommand(program: Command, done: (code: number) => void): void {
  program
    .command('ablate <grid>')
    .description(
      'train and evaluate every cell of a grid with several seeds, and make a table with means and intervals; run again, it goes on where it was',
    )
    .requiredOption('--out <dir>', 'the folder of all runs: CELL/seed-S each, table.md and results.json')
    .option('--jobs <n>', 'runs at a time, each in a process of its own', count, 1)
    .option('--threads <n>', 'threads of each run on the CPU; default: the cores, divided by the jobs', count)
    .option('--only <cell>', 'this cell alone, and those that it begins after (repeatable)', collect, [])
    .option('--table <file>', 'also write the table there, in Markdown')
    .option('--test', 'also evaluate on test data: once everything is chosen')
    .option('--dry-run', 'list the runs and what is done of them')
    .option('--run <id>', 'one run alone, in this process: CELL/seed-S, such as for a job of a cluster')
    .action(async (grid, options) => done(await (await import('./ablate')).ablate(grid, options)));
}
