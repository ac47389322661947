import { memoryStorage } from '@simvlm/checkpoint';
import { beforeAll, describe, expect, test } from 'vitest';
import { batches, errorOf, run, useBackend } from './tiny';

const rates = { dropout: 0.2, stochasticDepth: 0.3 };

describe('training with dropout and stochastic depth', () => {
  beforeAll(() => useBackend('wasm'));

  test('at rates of 0, with whatever seed, is training without, bit for bit', async () => {
    const plain = await run();
    const zero = await run({ learner: { dropout: 0, stochasticDepth: 0 }, config: { seed: 7 } });
    expect(zero.losses).toEqual(plain.losses);
    expect(zero.weights).toEqual(plain.weights);
  });

  test.each([{ dropout: 0.2 }, { stochasticDepth: 0.3 }])('%j changes the losses', async learner => {
    const plain = await run({ config: { steps: 4 } });
    const dropped = await run({ learner, config: { steps: 4 } });
    expect(dropped.losses[0]).not.toBe(plain.losses[0]);
    expect(dropped.weights).not.toEqual(plain.weights);
  });

  test('repeats with its seed, and differs with another', async () => {
    const [a, b, other] = [
      await run({ learner: rates, config: { seed: 3 } }),
      await run({ learner: rates, config: { seed: 3 } }),
      await run({ learner: rates, config: { seed: 4 } }),
    ];
    expect(b.losses).toEqual(a.losses);
    expect(b.weights).toEqual(a.weights);
    expect(other.losses[0]).not.toBe(a.losses[0]);
  });

  test('drops something else in each step, and in each batch of a step', async () => {
    // Steps that change nothing, of the same rows.
    const one = batches({ documents: true });
    const parts = await one.next();
    const same = { ...one, next: async () => parts, state: () => null, skipped: () => one.skipped() };
    const config = { steps: 4, learningRate: 0 };
    const { losses } = await run({ batches: same, learner: rates, config });
    expect(new Set(losses).size).toBe(4);
    const twice = await run({
      ...{ batches: same, learner: rates },
      config: { ...config, accumulate: 2 },
    });
    expect(losses).not.toContain(twice.losses[0]);
  });

  test.each([
    [{}, {}],
    [{ checkpointBlocks: true }, { accumulate: 2, emaDecay: 0.9 }],
  ])('is resumed exactly, with %j, %j', async (more, config) => {
    const learner = { ...rates, ...more };
    const data = { documents: true, ahead: 2 };
    const storage = memoryStorage();
    const whole = await run({ learner, config, batches: batches(data) });
    const first = await run({ learner, config, batches: batches(data), storage, stopAt: 5 });
    const resume = (await storage.latest())!;
    const second = await run({ learner, config, batches: batches(data), resume, seed: 99 });
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
  });

  test.each([
    [{ learner: { dropout: 1 } }, '"dropout" must be a number from 0 to below 1'],
    [{ learner: { stochasticDepth: -1 } }, '"stochasticDepth" must be a number from 0 to below 1'],
    [{ config: { seed: 0.5 } }, '"seed" must be an integer'],
  ])('%j is refused by its name', async (options, message) => {
    expect((await errorOf(run(options))).message).toContain(message);
  });

  test('of stochastic depth is refused where there is neither conv stage nor encoder', async () => {
    const learner = { stochasticDepth: 0.1 };
    const error = await errorOf(run({ learner, model: { architecture: 'decoder-only' } }));
    expect(error.message).toContain('this model has neither');
  });
});

test('training with dropout and stochastic depth has the losses of another backend', async () => {
  await useBackend('cpu');
  const cpu = await run({ learner: rates });
  await useBackend('wasm');
  const wasm = await run({ learner: rates });
  for (const [i, loss] of cpu.losses.entries()) expect(wasm.losses[i]! / loss).toBeCloseTo(1, 4);
});
