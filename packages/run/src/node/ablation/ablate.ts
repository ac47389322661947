import { join } from 'node:path';
import { ConfigError, didYouMean } from '@simvlm/core';
import type { Cell, Grid } from '../../ablation/grid';
import type { CellResult, RunResult } from '../../ablation/results';
import { type GridEvaluation, isTest } from '../../ablation/schema';
import { checkCell, recordCell } from './cell-file';
import type { GridRun } from './one-run';
import { readRunResult } from './result-files';
import { type AblateOptions, schedule } from './schedule';

export interface GridPlanOptions {
  /** Where all runs go. */
  readonly folder: string;
  /** Names or folders of the cells to run, with those that they begin after; default: all. */
  readonly only?: readonly string[] | undefined;
  /** Also evaluates on test data. Default false. */
  readonly test?: boolean | undefined;
}

/** A grid with the folder that it is run in. */
export interface GridPlan {
  readonly grid: Grid;
  readonly folder: string;
  /** What is measured of each run. */
  readonly evaluations: readonly GridEvaluation[];
  /** All that were asked for, the first seed of each cell before the second of any. */
  readonly runs: readonly GridRun[];
}

/**
 * What is to be run of a grid.
 *
 * @throws ConfigError for a cell that there is not, and a folder that another grid was run in, which names the differences
 */
export async function planGrid(
  grid: Grid,
  { folder, only = [], test = false }: GridPlanOptions,
): Promise<GridPlan> {
  const cells = chosenCells(grid, only);
  for (const cell of grid.cells) await checkCell(folder, cell);
  return {
    ...{ grid, folder },
    evaluations: grid.evaluations.filter(evaluation => test || !isTest(evaluation)),
    runs: grid.seeds.flatMap(seed => cells.map(cell => ({ cell, seed, id: `${cell.slug}/seed-${seed}` }))),
  };
}

/**
 * Runs what is not done of a plan. A run that fails does not stop the others.
 *
 * @returns what the folder holds of the whole grid then
 * @throws OutputError when nothing can be written; ConfigError as `planGrid`
 */
export async function runGrid(plan: GridPlan, options: AblateOptions): Promise<readonly CellResult[]> {
  const { grid, folder, runs } = plan;
  for (const cell of grid.cells) await recordCell(folder, cell);
  const todo: GridRun[] = [];
  for (const run of runs) if ((await resultOf(plan, run.cell, run.seed)).state !== 'done') todo.push(run);
  await schedule(todo, options);
  return gridResults(plan);
}

/** What the folder of a grid holds, trained or not. @throws DataError for a damaged file */
export async function gridResults(plan: GridPlan): Promise<readonly CellResult[]> {
  const cells: CellResult[] = [];
  for (const cell of plan.grid.cells) {
    const runs: RunResult[] = [];
    for (const seed of plan.grid.seeds) runs.push(await resultOf(plan, cell, seed));
    cells.push({ name: cell.name, ...(cell.hidden && { hidden: true }), runs });
  }
  return cells;
}

function resultOf(
  { grid, folder, evaluations }: GridPlan,
  { slug, hidden }: Cell,
  seed: number,
): Promise<RunResult> {
  return readRunResult(join(folder, slug, `seed-${seed}`), seed, hidden ? [] : evaluations, grid.checkpoint);
}

/** Those that were asked for, in the order of the grid, with those that they begin after. */
function chosenCells({ cells }: Grid, only: readonly string[]): readonly Cell[] {
  if (only.length === 0) return cells;
  const wanted = new Set<string>();
  for (const asked of only) {
    const cell = cells.find(({ name, slug }) => asked === name || asked === slug);
    if (!cell) {
      const names = cells.map(({ name }) => name);
      throw new ConfigError(
        'CONFIG_INVALID',
        `the grid has no cell "${asked}"; there are ${names.map(name => `"${name}"`).join(', ')}${didYouMean(asked, names)}`,
      );
    }
    for (let each: Cell | undefined = cell; each; each = cells.find(({ slug }) => slug === each?.after))
      wanted.add(each.slug);
  }
  return cells.filter(({ slug }) => wanted.has(slug));
}
