import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderStorage } from '@simvlm/checkpoint/node';
import { expect, onTestFinished, test } from 'vitest';
import { readRun } from '../src/node';
import { comparisonHtml } from '../src/report';

/** The folder of a run: three steps, an evaluation, and a checkpoint with its configuration. */
async function runFolder(name: string, config: object): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'simvlm-report-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, name);
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  await folderStorage(join(folder, 'checkpoints')).save(3, new Map([['run.json', bytes]]));
  const step = (n: number) =>
    JSON.stringify({ step: n, loss: 4 - n, learningRate: 0.1, rows: 8, rowsPerSecond: 20, seconds: 60 * n });
  const lines = [step(1), step(2), '{"step":2,"val/loss":2.5}', step(3), '{"step":3,"val/loss":2.25}'];
  await writeFile(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  return folder;
}

test('a run is read with its steps, evaluations and configuration', async () => {
  const run = await readRun(await runFolder('first', { seed: 1 }));
  expect(run).toMatchObject({ name: 'first', config: { seed: 1 } });
  expect(run.steps.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(run.evaluations).toEqual([
    { step: 2, results: { 'val/loss': 2.5 } },
    { step: 3, results: { 'val/loss': 2.25 } },
  ]);
});

test('runs stand side by side: their curves, last metrics, and only the keys that differ', async () => {
  const optimizer = { learningRate: 0.1, clip: 1 };
  const [first, second] = [
    await readRun(await runFolder('first', { seed: 1, optimizer })),
    await readRun(await runFolder('<b>', { seed: 1, optimizer: { ...optimizer, learningRate: 0.2 } })),
  ];
  const html = comparisonHtml([first, second]);
  expect(html).toContain('<th scope="row">optimizer.learningRate</th><td>0.1</td><td>0.2</td>');
  for (const same of ['>seed<', 'optimizer.clip', '<b>']) expect(html).not.toContain(same);
  expect(html).toContain('<th scope="row">first</th><td>3</td><td>24</td><td>3.0 min</td>');
  expect(html).toContain('<td>2.250</td>');
  // Loss, the metric, learning rate and speed, a curve a run in each.
  expect(html.match(/<svg/g)).toHaveLength(4);
  expect(html.match(/<path/g)).toHaveLength(8);
  expect(html).not.toMatch(/<script|<link|src=|https?:/);
});

test('of one run the whole configuration is shown', async () => {
  const html = comparisonHtml([await readRun(await runFolder('only', { seed: 1, model: 'emoji-tiny' }))]);
  expect(html).toContain('<th scope="row">seed</th><td>1</td>');
  expect(html).toContain('<th scope="row">model</th><td>emoji-tiny</td>');
});
