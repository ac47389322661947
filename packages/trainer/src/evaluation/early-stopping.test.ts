import { describe, expect, test } from 'vitest';
import { type Best, nextBest } from './best';
import { type EarlyStopping, hasWaited, nextWaiting, type Waiting } from './early-stopping';

/** The number of the evaluation, from 1 on, after which a run ends; undefined: none of these. */
function endOf(values: readonly number[], rule: EarlyStopping, better: 'lower' | 'higher' = 'lower') {
  let waiting: Waiting | undefined;
  for (const [i, value] of values.entries()) {
    // As a checkpoint keeps it.
    waiting = JSON.parse(JSON.stringify(nextWaiting(waiting, value, better, rule)));
    if (hasWaited(waiting, rule)) return i + 1;
  }
  return undefined;
}

describe('early stopping', () => {
  test('comes after as many evaluations without an improvement as there is patience', () => {
    expect(endOf([5, 4, 3, 3, 3.5, 4], { patience: 3 })).toBe(6);
    expect(
      endOf([5, 4, 3, 3, 3.5, 2.9, 3, 3], { patience: 3 }),
      'an improvement begins anew',
    ).toBeUndefined();
    expect(endOf([1, 2, 2, 2], { patience: 2 }, 'higher')).toBe(4);
  });

  test('measures an improvement from the last one: small steps add up', () => {
    expect(endOf([5, 4.95, 4.9, 4.85], { patience: 3, minDelta: 0.1 })).toBeUndefined();
    expect(endOf([5, 4.97, 4.94, 4.92], { patience: 3, minDelta: 0.1 })).toBe(4);
  });

  test('takes what is no number for no improvement, also at first', () => {
    expect(endOf([Number.NaN, Number.NaN], { patience: 2 })).toBe(2);
    expect(endOf([Number.NaN, 5, Number.NaN, 4, Number.NaN, Number.NaN], { patience: 2 })).toBe(6);
  });
});

test('the best evaluation is the first of the best values, and never one that is no number', () => {
  let best: Best | undefined;
  for (const [i, value] of [Number.NaN, 3, 2, 2, Number.NaN, 2.5].entries())
    best = nextBest(best, 10 * (i + 1), value, 'lower');
  expect(best).toEqual({ step: 30, value: 2 });
  expect(nextBest({ step: 1, value: 2 }, 2, 3, 'higher')).toEqual({ step: 2, value: 3 });
});
