import { type CellResult, gridTable, type RunResult, summaryOf, unknownMetrics } from '@simvlm/run';
import { expect, test } from 'vitest';

const done = (seed: number, value: number): RunResult => ({
  seed,
  state: 'done',
  values: { 'val/x/y': value },
});
const metric = { name: 'val/x/y', title: 'y', percent: false };
const cell = (name: string, ...runs: RunResult[]): CellResult => ({ name, runs });

test('means and intervals over seeds, and differences of the same seeds', () => {
  const cells = summaryOf(
    [
      cell('a', done(1, 0.1), done(2, 0.5), done(3, 0.3)),
      cell('b', done(1, 0.2), done(2, 0.6), done(3, 0.4)),
    ],
    [metric],
  );
  const [a, b] = cells.map(({ metrics }) => metrics['val/x/y']!);
  // s = 0.2, t = 4.302653, n = 3
  expect(a!.mean).toBeCloseTo(0.3, 12);
  expect(a!.half).toBeCloseTo((4.302653 * 0.2) / Math.sqrt(3), 5);
  expect(a!.difference).toBeUndefined();
  // What both cells share with a seed is not in the difference.
  expect(b!.difference!.mean).toBeCloseTo(0.1, 12);
  expect(b!.difference!.half).toBeCloseTo(0, 12);
  expect(b!.difference!.seeds).toEqual([1, 2, 3]);
  expect(b!.values).toEqual({ 1: 0.2, 2: 0.6, 3: 0.4 });
  expect(gridTable(cells, [metric])).toBe(
    [
      '|     | y           | difference     | seeds |',
      '| --- | ----------- | -------------- | ----- |',
      '| a   | 0.30 ± 0.50 |                | 3     |',
      '| b   | 0.40 ± 0.50 | +0.100 ± 0.000 | 3     |',
    ].join('\n'),
  );
});

test('a share can be shown in per cent, and a loss is lower with a minus sign', () => {
  const table = (percent: boolean) =>
    gridTable(summaryOf([cell('a', done(1, 0.5)), cell('b', done(1, 0.25))], [metric]), [
      { ...metric, percent },
    ]);
  expect(table(true)).toContain('| b   | 25.0 | −25.0      | 1     |');
  expect(table(false)).toContain('| b   | 0.250 | −0.250     | 1     |');
});

test('a cell that failed or is not done is a row that says so; a metric that no run has is no column', () => {
  const failed: RunResult = {
    seed: 2,
    state: 'failed',
    failure: 'the loss of step 5 is NaN | lower',
    values: {},
  };
  const missing: RunResult = { seed: 3, state: 'missing', values: {} };
  const table = gridTable(summaryOf([cell('a', done(1, 1), failed, missing), cell('b', failed)], [metric]), [
    metric,
    { ...metric, name: 'test/x/y', title: 'test' },
  ]);
  expect(table).not.toContain('test');
  expect(table).toContain('1 of 3, seed 2 failed: the loss of step 5 is NaN \\| lower, 1 run not done |');
  expect(table).toMatch(/\| b +\| – +\| +\| 0 of 1, seed 2 failed/);
});

test('a metric that its evaluation does not have is told with those that it has', () => {
  const cells = [cell('a', done(1, 1))];
  expect(unknownMetrics(cells, [metric, { name: 'test/x/y' }])).toEqual([]);
  expect(unknownMetrics(cells, [{ name: 'val/x/yy' }])).toEqual([
    'no run has the metric "val/x/yy"; there are val/x/y; did you mean "val/x/y"?',
  ]);
});
