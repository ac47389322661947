import { join } from 'node:path';
import type { Cell } from '../../ablation/grid';
import { readResult, refuseChanged, writeResult } from './result-files';

/** The file of a cell that says what its runs were told. */
const CELL = 'cell.json';

/**
 * Refuses a cell whose runs were told something else.
 *
 * @param folder of the grid
 * @throws ConfigError that names the differences
 */
export async function checkCell(folder: string, cell: Cell): Promise<void> {
  const path = join(folder, cell.slug, CELL);
  const before = await readResult<object>(path);
  if (before) refuseChanged(path, before, outline(cell));
}

/** Says what the runs of a cell are told, where nothing does yet. @throws OutputError */
export async function recordCell(folder: string, cell: Cell): Promise<void> {
  const path = join(folder, cell.slug, CELL);
  if (!(await readResult(path))) await writeResult(path, { format: 1, name: cell.name, ...outline(cell) });
}

/** What the runs of a cell have in common. */
function outline({ config, after }: Cell) {
  const { seed: _, name: __, about: ___, ...rest } = config(0);
  return { after: after ?? null, config: rest };
}
