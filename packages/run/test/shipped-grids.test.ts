import { readdirSync } from 'node:fs';
import { checkParts } from '@simvlm/run';
import { readGrid, runRegistry } from '@simvlm/run/node';
import { expect, test } from 'vitest';

const folder = new URL('../grids/', import.meta.url);
const names = readdirSync(folder, { recursive: true })
  .map(String)
  .filter(name => name.endsWith('.json'))
  .map(name => name.slice(0, -'.json'.length).replaceAll('\\', '/'));

test.each(names)('the grid %s is found by its name, and every cell can be trained', async name => {
  const { cells, seeds, evaluations } = await readGrid(name);
  const registry = await runRegistry();
  expect(cells.length).toBeGreaterThan(0);
  expect(seeds.length).toBeGreaterThanOrEqual(3);
  for (const { config } of cells) checkParts(config(seeds[0]!), registry);
  for (const { evaluators } of evaluations)
    for (const { kind } of evaluators) expect(registry.names('evaluator')).toContain(kind);
});
