import { Random } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import {
  afterRollback,
  afterSkip,
  afterStep,
  afterWarning,
  isSpike,
  NO_SPIKES,
  type SpikeState,
  spikeLimit,
} from './spikes';

/** A loss that falls like those of a training, with the noise of small batches: 10 % of itself. */
function course(steps: number, seed = 1): number[] {
  const random = Random.fromSeed(seed);
  return Array.from(
    { length: steps },
    (_, i) => (0.5 + 6 * Math.exp(-i / 300)) * (1 + 0.1 * random.normal()),
  );
}

function follow(losses: readonly number[], rule = {}): { spikes: number[]; state: SpikeState } {
  let state = NO_SPIKES;
  const spikes: number[] = [];
  for (const [i, loss] of losses.entries()) {
    const is = isSpike(state, loss, rule);
    if (is) spikes.push(i);
    state = is ? afterSkip(state) : afterStep(state, loss, rule);
  }
  return { spikes, state };
}

describe('a spike', () => {
  test('is nothing that noise makes: none in 20,000 steps of a falling, noisy loss', () => {
    for (const seed of [1, 2, 3, 4]) expect(follow(course(5000, seed)).spikes).toEqual([]);
  });

  test('is a loss far above its course, early and late, and the losses after it are none', () => {
    const losses = course(3000);
    for (const at of [400, 1500, 2999]) losses[at]! += 3;
    expect(follow(losses).spikes).toEqual([400, 1500, 2999]);
  });

  test('is never a loss that falls', () => {
    expect(
      follow([...Array.from({ length: 50 }, () => 5), ...Array.from({ length: 50 }, () => 0.1)]).spikes,
    ).toEqual([]);
  });

  test('is a loss that is no number, from the first step on', () => {
    for (const loss of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(isSpike(NO_SPIKES, loss, {})).toBe(true);
    expect(isSpike(NO_SPIKES, 1e9, {}), 'there is no course yet').toBe(false);
  });

  test('follows its rule: mean and standard deviations of the last losses', () => {
    const recent = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? 1 : 3));
    expect(spikeLimit(recent, { deviations: 4 })).toBeCloseTo(2 + 4 * 1, 12);
    expect(spikeLimit(recent.slice(0, 19), {})).toBeUndefined();
    const flat = Array.from({ length: 50 }, () => 2);
    expect(spikeLimit(flat, { deviations: 5 }), 'a spread of 1 % at least').toBeCloseTo(2.1, 12);
  });
});

describe('the state', () => {
  test('holds the last losses, as many as the window, and survives JSON', () => {
    const { state } = follow(course(130), { window: 60 });
    expect(state.recent).toEqual(course(130).slice(-60));
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test('of a spike that is only warned of takes it into the course: a loss that stays there is none for long', () => {
    let state = NO_SPIKES;
    for (const loss of course(100).map(() => 1)) state = afterStep(state, loss, {});
    let warnings = 0;
    for (let i = 0; i < 100; i++) {
      if (isSpike(state, 2, {})) {
        warnings++;
        state = afterWarning(state, 2, {});
      } else state = afterStep(state, 2, {});
    }
    expect(warnings).toBeGreaterThan(0);
    expect(warnings).toBeLessThan(10);
    expect(state.found).toBe(warnings);
  });

  test('counts what was skipped, in all and in a row', () => {
    const losses = course(100);
    losses[50] = losses[51] = Number.NaN;
    losses[99] = Number.NaN;
    expect(follow(losses).state).toMatchObject({ found: 3, skipped: 3, inARow: 1, rollbacks: 0 });
  });

  test('after a rollback has the losses of the checkpoint and the counts of the run', () => {
    const checkpoint = follow(course(30)).state;
    const now = { ...follow(course(40)).state, rollbacks: 2, found: 2 };
    expect(afterRollback(now, checkpoint)).toEqual({ ...checkpoint, found: 3, rollbacks: 3 });
  });
});
