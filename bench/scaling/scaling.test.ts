import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modelCost, plan } from './arithmetic';
import { h200, paper } from './defaults';
import { inDocs } from './docs';
import type { Measured } from './figures';
import { tables } from './tables';

const measured = JSON.parse(
  readFileSync(new URL('../results/scaling.json', import.meta.url), 'utf8'),
) as Measured;
const docs = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
const question = { measured, recipe: paper, cluster: h200, gpus: [1, 8, 512] };

test("the document's tables are those of the script: pnpm scaling --docs", () => {
  expect(inDocs(docs, tables(question))).toBe(docs);
});

test('what was measured was measured on the texts that are reckoned with', () => {
  expect(measured.tokens).toEqual(paper.tokens);
});

test.each(['base', 'large', 'huge'] as const)(
  '%s: twice the GPUs halve what each computes, and never what they send',
  name => {
    const cost = modelCost(name, paper);
    const [few, many] = [256, 512].map(gpus => plan(cost, gpus, question));
    const optimizer = (2 * (cost.parameters * 28)) / h200.memoryBandwidth;
    expect(Math.abs(few!.compute - 2 * many!.compute)).toBeLessThanOrEqual(optimizer);
    expect(many!.exchanged).toBeGreaterThanOrEqual(few!.exchanged);
    // By hand: a ring of 512 sends 511 of 512 parts twice, two bytes each.
    if (!many!.isSharded) expect(many!.exchanged).toBeCloseTo((511 / 512) * 4 * cost.parameters, -3);
  },
);

test('a GPU that is too small for the weights holds no pair, and one that just holds them recomputes', () => {
  const cost = modelCost('huge', paper);
  const on = (memory: number, gpus: number) =>
    plan(cost, gpus, { ...question, cluster: { ...h200, memory } });
  expect(on(16e9, 1)).toMatchObject({ pairsAtOnce: 0, accumulate: 0, checkpointBlocks: true });
  const tight = on((22 * cost.parameters) / 0.9 + 4e9, 1);
  expect(tight.checkpointBlocks).toBe(true);
  expect(tight.pairsAtOnce * tight.accumulate).toBeGreaterThanOrEqual(paper.rows.pair);
});

test('moments are shared out as whole parameters: no process keeps less than the largest', () => {
  const cost = modelCost('base', paper);
  const { fixed } = plan(cost, 100_000, question);
  expect(fixed.whole - fixed.sharded).toBe(8 * (cost.parameters - cost.largest));
});
