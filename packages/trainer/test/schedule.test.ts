import { ConfigError } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { learningRate, resolveTrainConfig, type TrainConfig } from '../src/index';

describe('the learning rate', () => {
  const rates = (config: Partial<TrainConfig>, total: number | undefined, steps: readonly number[]) => {
    const resolved = resolveTrainConfig({ learningRate: 0.8, steps: 100, ...config });
    return steps.map(step => learningRate(step, total, resolved));
  };

  test('warms up linearly from 0, over so many steps or a share of all', () => {
    expect(rates({ warmup: 4 }, 100, [1, 2, 3, 4])).toEqual([0.2, 0.4, 0.6000000000000001, 0.8]);
    expect(rates({ warmup: 0.04 }, 100, [1, 4])).toEqual([0.2, 0.8]);
    expect(rates({}, 100, [1, 2])).toEqual([0.4, 0.8]);
    expect(rates({ warmup: 0 }, 100, [1])).toEqual([0.8]);
  });

  test('linear: falls in equal steps to 0 at the last', () => {
    const [first, half, last] = rates({ warmup: 20 }, 100, [21, 60, 100]);
    expect(first).toBeCloseTo(0.8 * (79 / 80), 12);
    expect(half).toBe(0.4);
    expect(last).toBe(0);
  });

  test('cosine: falls along half a wave', () => {
    const [quarter, half, last] = rates({ warmup: 20, schedule: 'cosine' }, 100, [40, 60, 100]);
    expect(quarter).toBeCloseTo(0.4 * (1 + Math.SQRT1_2), 12);
    expect(half).toBeCloseTo(0.4, 12);
    expect(last).toBe(0);
  });

  test('constant: stays, and so does any before the number of steps is known', () => {
    expect(rates({ warmup: 20, schedule: 'constant' }, 100, [20, 21, 100])).toEqual([0.8, 0.8, 0.8]);
    expect(rates({ warmup: 20 }, undefined, [10, 20, 30])).toEqual([0.4, 0.8, 0.8]);
  });

  test('a run shorter than its warm-up never divides by zero', () => {
    expect(rates({ warmup: 10 }, 5, [1, 5, 11])).toEqual([0.08, 0.4, 0]);
  });
});

describe('a training configuration', () => {
  test.each<[object, RegExp]>([
    [{ learningrate: 1 }, /train config: unknown key "learningrate"; allowed: learningRate, weightDecay/],
    [{ learningRate: '1' }, /"learningRate" must be a number ≥ 0, got "1"/],
    [{ learningRate: undefined }, /"learningRate" is missing/],
    [{ beta2: 1 }, /"beta2" must be a number from 0 to 0.999999/],
    [{ clip: -1 }, /"clip"/],
    [{ schedule: 'step' }, /"schedule" must be one of linear, cosine, constant, got "step"/],
    [{ accumulate: 0 }, /"accumulate" must be an integer ≥ 1/],
    [{ steps: 0 }, /"steps"/],
    [{ steps: undefined }, /give "steps", "epochs" or "minutes", one of the three/],
    [{ minutes: 5 }, /give "steps", "epochs" or "minutes", one of the three/],
    [{ steps: undefined, minutes: 5 }, /a run of "minutes" needs a warmup of 40 steps or more, got 0.02/],
    [{ warmup: Number.NaN }, /"warmup"/],
  ])('%j is refused in one line', (change, message) => {
    const resolve = () => resolveTrainConfig({ learningRate: 0.1, steps: 10, ...change });
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow(message);
  });

  test('an option given as undefined is one not given', () => {
    const given = {
      learningRate: 0.1,
      steps: 10,
      clip: undefined,
      beta1: undefined,
    } as unknown as TrainConfig;
    expect(resolveTrainConfig(given)).toEqual(resolveTrainConfig({ learningRate: 0.1, steps: 10 }));
    expect(resolveTrainConfig(given)).toMatchObject({ clip: 1, beta1: 0.9, warmup: 0.02, weightDecay: 0.01 });
  });
});
