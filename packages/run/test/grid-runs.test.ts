import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrainingError } from '@simvlm/core';
import { type Grid, gridOf, resolveGridConfig } from '@simvlm/run';
import {
  type AblateOptions,
  type GridRun,
  gridResults,
  planGrid,
  runGrid,
  writeFailure,
} from '@simvlm/run/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-grid-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cells = { first: {}, second: { set: { 'batch.imageText': 8 } }, third: { after: 'first' } };
function grid(change: object = {}): Grid {
  const base = {
    name: 'x',
    model: 'emoji-tiny',
    data: { train: 'emoji' },
    optimizer: { learningRate: 1e-3 },
  };
  const given = { base, metrics: ['training/loss'], seeds: [1, 2], set: { steps: 5 }, cells, ...change };
  return gridOf(resolveGridConfig(given, 'grid.json'), given.base, 'grid.json');
}

/** Does a run in no time: its loss is a number of its own. */
const quick: AblateOptions['start'] = async run => {
  const training = { loss: run.seed + run.cell.name.length / 10 };
  writeFileSync(join(await made(run), 'run.json'), JSON.stringify({ format: 1, seed: run.seed, training }));
  return 'done';
};
async function made({ id }: GridRun): Promise<string> {
  const path = join(folder, id);
  await writeFailure(path, new TrainingError('TRAINING_DIVERGED', 'begun'));
  rmSync(join(path, 'failure.json'));
  return path;
}
const states = async (of: Grid) =>
  Object.fromEntries(
    (await gridResults(await planGrid(of, { folder }))).map(({ name, runs }) => [
      name,
      runs.map(({ state }) => state),
    ]),
  );

describe('runs of a grid', () => {
  test('are done once: the first seed of all cells first, and again nothing', async () => {
    const order: string[] = [];
    const start: AblateOptions['start'] = async run => {
      order.push(run.id);
      return quick(run);
    };
    const plan = await planGrid(grid(), { folder });
    const results = await runGrid(plan, { start });
    expect(order).toEqual(
      ['first', 'second', 'third']
        .map(name => `${name}/seed-1`)
        .concat(['first', 'second', 'third'].map(name => `${name}/seed-2`)),
    );
    expect(results[1]!.runs.map(({ values }) => values)).toEqual([
      { 'training/loss': 1.6 },
      { 'training/loss': 2.6 },
    ]);
    expect(await runGrid(plan, { start })).toEqual(results);
    expect(order).toHaveLength(6);
  });

  test('a cell that is there for others is done once it is trained, and is not evaluated', async () => {
    const evaluations = [{ name: 'val', data: 'x', evaluators: [{ kind: 'caption' }] }];
    const hidden = { first: { hidden: true }, third: { after: 'first' } };
    const of = grid({ cells: hidden, evaluations });
    const results = await runGrid(await planGrid(of, { folder }), { start: quick });
    expect(results.map(cell => cell.hidden)).toEqual([true, undefined]);
    expect(await states(of)).toEqual({ first: ['done', 'done'], third: ['missing', 'missing'] });
  });

  test('so many at a time, and one that begins after another waits for it', async () => {
    let atOnce = 0;
    let most = 0;
    const ended: string[] = [];
    const start: AblateOptions['start'] = async run => {
      most = Math.max(most, ++atOnce);
      if (run.cell.after) expect(ended).toContain(`${run.cell.after}/seed-${run.seed}`);
      for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
      atOnce--;
      ended.push(run.id);
      return quick(run);
    };
    await runGrid(await planGrid(grid(), { folder }), { jobs: 2, start });
    expect(most).toBe(2);
    expect(ended).toHaveLength(6);
  });

  test('one that fails is a result that says so, the others go on, and what begins after it is not tried', async () => {
    const tried: string[] = [];
    const start: AblateOptions['start'] = async run => {
      tried.push(run.id);
      if (run.id !== 'first/seed-1') return quick(run);
      await writeFailure(join(folder, run.id), new TrainingError('TRAINING_DIVERGED', 'the loss is NaN'));
      return 'failed';
    };
    const results = await runGrid(await planGrid(grid(), { folder }), { start });
    expect(results[0]!.runs[0]).toEqual({ seed: 1, state: 'failed', failure: 'the loss is NaN', values: {} });
    expect(tried).not.toContain('third/seed-1');
    expect(await states(grid())).toEqual({
      ...{ first: ['failed', 'done'], second: ['done', 'done'], third: ['missing', 'done'] },
    });
    // Put right, it is tried again, and that which waited for it.
    await runGrid(await planGrid(grid(), { folder }), { start: quick });
    expect(await states(grid())).toMatchObject({ first: ['done', 'done'], third: ['done', 'done'] });
  });

  test('none is started after the signal', async () => {
    const controller = new AbortController();
    const start: AblateOptions['start'] = async run => {
      controller.abort();
      return quick(run);
    };
    await runGrid(await planGrid(grid(), { folder }), { start, signal: controller.signal });
    expect(await states(grid())).toMatchObject({
      first: ['done', 'missing'],
      second: ['missing', 'missing'],
    });
  });

  test('of some cells, with those that they begin after', async () => {
    const plan = await planGrid(grid(), { folder, only: ['third'] });
    expect(plan.runs.map(({ id }) => id)).toEqual(
      ['first', 'third', 'first', 'third'].map((name, i) => `${name}/seed-${i < 2 ? 1 : 2}`),
    );
    await expect(planGrid(grid(), { folder, only: ['thrid'] })).rejects.toThrow(
      'no cell "thrid"; there are "first", "second", "third"; did you mean "third"?',
    );
  });
});

describe('a folder belongs to its grid', () => {
  beforeEach(async () => {
    await runGrid(await planGrid(grid(), { folder }), { start: quick });
  });

  test('a cell that has changed is named with the difference, and nothing is written', async () => {
    const before = readdirSync(folder, { recursive: true }).length;
    const changed = grid({ set: { steps: 6 }, cells: { first: {} } });
    await expect(planGrid(changed, { folder })).rejects.toThrow(
      /first\/cell\.json was made by another grid: config\.steps 5 → 6\. Change the grid back/,
    );
    await expect(planGrid(grid({ cells: { first: {}, third: {} } }), { folder })).rejects.toThrow(
      'after "first" → null',
    );
    expect(readdirSync(folder, { recursive: true })).toHaveLength(before);
  });

  test('more cells and seeds are only more to do', async () => {
    const more = grid({ seeds: [1, 2, 3], cells: { ...cells, fourth: {} } });
    expect(await states(more)).toMatchObject({
      first: ['done', 'done', 'missing'],
      fourth: ['missing', 'missing', 'missing'],
    });
  });

  test('an evaluation that has another meaning now is refused, a new one is to do', async () => {
    const evaluations = (limit: number) => [
      { name: 'val', data: 'pictures', evaluators: [{ kind: 'caption', limit }] },
    ];
    const asking = (limit: number) => grid({ evaluations: evaluations(limit) });
    expect(await states(asking(5))).toMatchObject({ second: ['missing', 'missing'] });
    const path = join(folder, 'second/seed-1/evaluations');
    const plan = await planGrid(asking(5), { folder, only: ['second'] });
    await runGrid(plan, {
      start: async ({ id }) => {
        if (id !== 'second/seed-1') return 'interrupted';
        mkdirSync(path);
        const result = { format: 1, evaluation: { ...evaluations(5)[0], test: false }, checkpoint: 'last' };
        writeFileSync(
          join(path, 'val.json'),
          JSON.stringify({ ...result, results: { caption: { wordF1: 0.5 } }, skipped: {} }),
        );
        return 'done';
      },
    });
    expect(await states(asking(5))).toMatchObject({ second: ['done', 'missing'] });
    await expect(states(asking(6))).rejects.toThrow(
      'val.json was made by another grid: evaluation.evaluators',
    );
    expect(JSON.parse(readFileSync(join(path, 'val.json'), 'utf8')).results).toEqual({
      caption: { wordF1: 0.5 },
    });
  });

  test('test data are evaluated when they are asked for', async () => {
    const common = { name: 'artist', evaluators: [{ kind: 'caption' }] };
    const ofArtist = { source: 'emoji', split: 'unseen-artist' };
    for (const evaluation of [{ data: 'x', test: true }, { data: ofArtist }, { data: 'x/test' }]) {
      const tested = grid({ evaluations: [{ ...common, ...evaluation }] });
      expect((await planGrid(tested, { folder })).evaluations).toEqual([]);
      expect((await planGrid(tested, { folder, test: true })).evaluations).toHaveLength(1);
    }
  });
});
