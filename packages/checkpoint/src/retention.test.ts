import type { Metric } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { bestCheckpoint, type KeepRules, outdated, type SavedCheckpoint } from './retention';

const LOSS: Metric = { name: 'val/loss', better: 'lower' };

/** Checkpoints in the order of their saves: a step each, and what the metric was. */
function saves(steps: readonly (number | [step: number, value: number])[], metric = LOSS): SavedCheckpoint[] {
  return steps.map((each, i) => {
    const [step, value] = typeof each === 'number' ? [each] : each;
    return {
      name: `${step}`,
      step,
      saved: i + 1,
      ...(value !== undefined && { metric: { ...metric, value } }),
    };
  });
}

/** Steps that stay. */
function kept(checkpoints: readonly SavedCheckpoint[], rules?: KeepRules): number[] {
  const gone = outdated(checkpoints, rules);
  return checkpoints.filter(each => !gone.includes(each)).map(({ step }) => step);
}

describe('what is kept', () => {
  test('the last ones: two, or as many as a rule says, and the newest whatever it says', () => {
    const five = saves([10, 20, 30, 40, 50]);
    expect(kept(five)).toEqual([40, 50]);
    expect(kept(five, { last: 3 })).toEqual([30, 40, 50]);
    expect(kept(five, { last: 0 })).toEqual([50]);
  });

  test('every so many steps, besides the last ones', () => {
    expect(kept(saves([10, 20, 30, 40, 50, 60, 70]), { last: 1, every: 20 })).toEqual([20, 40, 60, 70]);
  });

  test('the best by the metric, or the best so many', () => {
    const measured = saves([[10, 3], [20, 1], [30, 2], [40, 4], 50]);
    expect(kept(measured, { last: 1, best: true })).toEqual([20, 50]);
    expect(kept(measured, { last: 1, best: 2 })).toEqual([20, 30, 50]);
    expect(kept(measured, { last: 1, best: false })).toEqual([50]);
  });

  test('where higher is better the highest, and of equal ones the earlier', () => {
    const score: Metric = { name: 'caption/cider', better: 'higher' };
    const equal = saves([[10, 1], [20, 5], [30, 5], 40], score);
    expect(kept(equal, { last: 1, best: true })).toEqual([20, 40]);
    expect(bestCheckpoint(equal)?.step).toBe(20);
  });

  test('values of another metric, and those that are no numbers, are never the best', () => {
    const changed = [
      ...saves([[10, 0.1]], { name: 'old', better: 'lower' }),
      ...saves([
        [10, 0.1],
        [20, 3],
      ]).slice(1),
    ];
    expect(bestCheckpoint(changed)?.step).toBe(20);
    expect(
      bestCheckpoint(
        saves([
          [10, Number.NaN],
          [20, 3],
        ]),
      )?.step,
    ).toBe(20);
    expect(bestCheckpoint(saves([10, 20]))).toBeUndefined();
  });

  test('a run that goes back leaves its later checkpoints behind: no rule but the last keeps them', () => {
    const back = saves([
      [20, 5],
      [40, 1],
      [60, 2],
      [30, 4],
      [50, 6],
    ]);
    expect(kept(back, { last: 1, best: true, every: 20 })).toEqual([20, 30, 50]);
    expect(bestCheckpoint(back)?.step).toBe(30);
  });

  test('where the loss has risen far, also that of the lowest', () => {
    const losses = [2, 1, 1.2, 3, 4].map((loss, i) => ({ name: `${i}`, step: i, saved: i, loss }));
    expect(kept(losses)).toEqual([1, 3, 4]);
    expect(kept(losses.slice(0, 3), { last: 1 })).toEqual([2]);
  });
});
