import type { JsonValue } from '@simvlm/core';
import { gridJsonSchema, gridOf, resolveGridConfig, shownCells } from '@simvlm/run';
import { describe, expect, it, test } from 'vitest';

const base = {
  name: 'base',
  model: 'emoji-tiny',
  data: { train: 'emoji' },
  optimizer: { learningRate: 1e-3 },
  steps: 10,
};
const least = { base, metrics: ['training/loss'] };
const grid = (given: object, of: object = base) =>
  gridOf(
    resolveGridConfig({ ...least, ...given }, 'grid.json'),
    structuredClone(of) as Record<string, JsonValue>,
    'grid.json',
  );
const refusal = (given: object) => {
  try {
    grid(given);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

it('grid.schema.json is what the schema gives', async () => {
  await expect(`${JSON.stringify(gridJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../grid.schema.json');
});

describe('cells', () => {
  test('every combination is one, the first key changing slowest, its folder made of its name', () => {
    const { cells, seeds } = grid({
      grid: { 'objective.kind': ['prefix-lm', 'causal-lm'], 'optimizer.learningRate': [1e-3, 2e-3] },
    });
    expect(seeds).toEqual([1, 2, 3]);
    expect(cells.map(({ name }) => name)).toEqual([
      'kind prefix-lm, learningRate 0.001',
      'kind prefix-lm, learningRate 0.002',
      'kind causal-lm, learningRate 0.001',
      'kind causal-lm, learningRate 0.002',
    ]);
    expect(cells[2]!.slug).toBe('kind-causal-lm-learningrate-0.001');
    expect(cells[2]!.config(7)).toMatchObject({
      ...{ name: 'seed-7', seed: 7, objective: { kind: 'causal-lm' }, optimizer: { learningRate: 1e-3 } },
    });
  });

  test('values that are objects have names', () => {
    const { cells } = grid({
      grid: { task: { captions: { kind: 'pretrain' }, labels: { kind: 'classify' } } },
    });
    expect(cells.map(({ name }) => name)).toEqual(['captions', 'labels']);
    expect(cells[1]!.config(1).task).toEqual({ kind: 'classify' });
    expect(refusal({ grid: { task: [{ kind: 'classify' }] } })).toContain('give it a name, {"NAME": {"kind"');
  });

  test('a key of a preset is changed in what the preset says', () => {
    const { cells } = grid({ cells: { 'two stacks': { set: { 'model.architecture': 'encoder-decoder' } } } });
    expect(cells[0]!.config(1).model).toMatchObject({
      architecture: 'encoder-decoder',
      width: 128,
      layers: 3,
    });
  });

  test('null removes a value, one of those that exclude each other takes the place of the others', () => {
    const given = { ...base, augment: 'drawing', evaluation: { steps: 5 } };
    const { cells } = grid({ cells: { a: { set: { minutes: 1, 'evaluation.steps': null } } } }, given);
    const config = cells[0]!.config(1);
    expect([config.steps, config.minutes, config.evaluation.steps]).toEqual([undefined, 1, undefined]);
    expect(config.augment).toBe('drawing');
  });

  test('what all cells have in place of the base, a cell can change', () => {
    const { cells } = grid({ set: { steps: 20, seed: 9 }, cells: { a: {}, b: { set: { steps: 30 } } } });
    expect(cells.map(({ config }) => config(1).steps)).toEqual([20, 30]);
    expect(cells[0]!.config(1).seed).toBe(1);
  });

  test('one that begins after another names its folder', () => {
    const { cells } = grid({ cells: { 'Text only': {}, both: { after: 'Text only' } } });
    expect(cells.map(({ after }) => after)).toEqual([undefined, 'text-only']);
  });

  test('cells that are there for others have no row, but where they failed', () => {
    const run = (state: 'done' | 'failed') => ({ seed: 1, state, values: {} });
    const names = (state: 'done' | 'failed') =>
      shownCells([
        { name: 'a', hidden: true, runs: [run(state)] },
        { name: 'b', runs: [run('done')] },
      ]).map(({ name }) => name);
    expect(names('done')).toEqual(['b']);
    expect(names('failed')).toEqual(['a', 'b']);
  });
});

describe('what cannot be is refused with the key, before anything is trained', () => {
  test.each([
    [{}, 'give either "grid" or "cells"'],
    [{ grid: {}, cells: {} }, 'give either "grid" or "cells"'],
    [{ grid: {} }, '"grid" has no key'],
    [{ grid: { steps: [] } }, 'must be a list of values'],
    [{ cells: {} }, '"cells" has no cell'],
    [
      { cells: { a: { sett: {} } } },
      'unknown key "cells.a.sett"; allowed: set, after, hidden; did you mean "set"?',
    ],
    [{ cells: { a: { set: { step: 3 } } } }, 'grid.json: cell "a": unknown key "step"'],
    [{ cells: { a: { set: { steps: 0 } } } }, 'grid.json: cell "a": "steps" must be an integer ≥ 1'],
    [{ cells: { a: { set: { 'data.train.blank': true } } } }, '"data.train" is "emoji", which has no keys'],
    [{ cells: { a: { after: 'b' }, b: {} } }, '"a" begins after "b", which does not stand before it'],
    [{ cells: { text: {}, b: { after: 'txt' } } }, 'is no cell; did you mean "text"?'],
    [{ cells: { 'a b': {}, 'a-b': {} } }, 'the cells "a b" and "a-b" would share a folder'],
    [{ cells: { '–': {} } }, 'needs a name with a letter or digit'],
    [{ cells: { a: {} }, seeds: [1, 1] }, '"seeds" has 1 twice'],
    [{ cells: { a: {} }, seeds: [] }, '"seeds" must be a list of integers ≥ 0'],
    [
      { cells: { a: {} }, metrics: ['val/loss'] },
      'the metric "val/loss" is of no evaluation: begin it with "training/…"',
    ],
    [{ cells: { a: {} }, metrics: [] }, '"metrics" must be a list of names of metrics'],
  ])('%j', (given, message) => {
    expect(refusal(given)).toContain(message);
  });

  test('evaluations have names that are files', () => {
    const named = (name: string) => ({
      ...{ cells: { a: {} }, evaluations: [{ name, data: 'x', evaluators: [{ kind: 'caption' }] }] },
    });
    expect(refusal(named('val'))).toBeUndefined();
    expect(refusal(named('../val'))).toContain('an evaluation cannot be called "../val"');
    expect(refusal(named('training'))).toContain('an evaluation cannot be called "training"');
  });
});
