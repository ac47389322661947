import { join } from 'node:path';
import { ConfigError, type Registry } from '@simvlm/core';
import {
  checkParts,
  countOf,
  gridTable,
  pluginAdvice,
  shownCells,
  summaryOf,
  unknownMetrics,
} from '@simvlm/run';
import {
  type GridPlan,
  gridResults,
  planGrid,
  readGrid,
  runGrid,
  runOne,
  runRegistry,
  writeFailure,
} from '@simvlm/run/node';
import { machineLine } from '../environment';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { checkOutputFolder, openOutput } from '../io/output-file';
import { printLine, Terminal } from '../terminal';
import { type AblateCommandOptions, endWithParent, startGridRun } from './ablate-child';
import { startBackend } from './compute-options';

/** `simvlm ablate GRID`: trains and evaluates every cell of a grid with every seed, and makes a table of what came out. */
export async function ablate(place: string, options: AblateCommandOptions): Promise<number> {
  const terminal = new Terminal();
  const grid = await readGrid(place);
  const configs = grid.cells.map(cell => cell.config(grid.seeds[0]!));
  const registry = await runRegistry(configs.flatMap(({ plugins }) => plugins));
  try {
    for (const config of configs) checkParts(config, registry);
    for (const { kind } of grid.evaluations.flatMap(({ evaluators }) => evaluators))
      registry.get('evaluator', kind);
  } catch (error) {
    throw pluginAdvice(error);
  }
  const { out: folder, only, test } = options;
  const plan = await planGrid(grid, { folder, only, test });
  if (options.dryRun) return tellPlan(plan);
  endWithParent();
  if (options.run !== undefined) return runAlone(plan, options.run, options, { registry, terminal });
  await checkOutputFolder(folder, 'give another folder with --out');
  const advice = 'give another file with --table';
  const table = options.table === undefined ? undefined : await openOutput(options.table, advice);
  const { cells, interrupted } = await interruptible(terminal, async signal => {
    const start = startGridRun(place, options, signal);
    const results = await runGrid(plan, {
      ...{ jobs: options.jobs, start, signal },
      onRun: ({ id }, end) => terminal.note(end ? `${id}: ${end}` : `${id}: training`),
    });
    return { cells: summaryOf(shownCells(results), grid.metrics), interrupted: signal.aborted };
  });
  for (const warning of unknownMetrics(cells, grid.metrics)) terminal.warn(warning);
  const text = gridTable(cells, grid.metrics);
  await (await openOutput(join(folder, 'table.md'), 'free the place')).write(`${text}\n`);
  const { seeds, checkpoint, evaluations, metrics } = grid;
  const all = { machine: machineLine(), seeds, checkpoint, evaluations, metrics, cells };
  await (await openOutput(join(folder, 'results.json'), 'free the place')).write(
    `${JSON.stringify(all, null, 2)}\n`,
  );
  await table?.write(`${text}\n`);
  printLine(text);
  if (interrupted) {
    terminal.note('stopped; the same command goes on from here');
    return exitCode.interrupted;
  }
  const failed = cells.flatMap(({ runs }) => runs.filter(({ state }) => state === 'failed'));
  if (failed.length === 0) return exitCode.ok;
  terminal.error(`${countOf(failed.length, 'run')} failed; the same command tries them again`);
  return exitCode.failed;
}

/** Every run with its state. */
async function tellPlan(plan: GridPlan): Promise<number> {
  const results = await gridResults(plan);
  let todo = 0;
  for (const { cell, seed, id } of plan.runs) {
    const { runs } = results.find(({ name }) => name === cell.name)!;
    const { state } = runs.find(run => run.seed === seed)!;
    if (state !== 'done') todo++;
    printLine(`${state.padEnd(8)} ${id}`);
  }
  printLine(`${countOf(todo, 'run')} to do, of ${plan.runs.length}`);
  return exitCode.ok;
}

async function runAlone(
  { grid, folder, evaluations, runs }: GridPlan,
  id: string,
  options: AblateCommandOptions,
  { registry, terminal }: { readonly registry: Registry; readonly terminal: Terminal },
): Promise<number> {
  const run = runs.find(each => each.id === id);
  if (!run)
    throw new ConfigError(
      'CONFIG_INVALID',
      `--run: the grid has no run "${id}"; --dry-run lists them, such as ${runs[0]!.id}`,
    );
  try {
    const { precision } = run.cell.config(run.seed);
    const { name, detail } = await startBackend({ precision, ...options }, registry);
    const machine = { backend: `${name} (${detail})`, machine: machineLine() };
    const isDone = await interruptible(terminal, signal =>
      runOne(grid, run, { folder, registry, evaluations, machine, reporter: terminal, signal }),
    );
    return isDone ? exitCode.ok : exitCode.interrupted;
  } catch (error) {
    if ((error as Error)?.name === 'AbortError') return exitCode.interrupted;
    await writeFailure(join(folder, id), error);
    throw error;
  }
}
