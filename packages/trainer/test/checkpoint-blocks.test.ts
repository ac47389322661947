import { beforeAll, expect, test } from 'vitest';
import { batches, run, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

test.each(['encoder-decoder', 'decoder-only'] as const)(
  '%s: training with blocks that are computed once more is the same training',
  async architecture => {
    const options = (checkpointBlocks: boolean) => ({
      model: { architecture, layers: 2 },
      batches: batches({ documents: true }),
      learner: { checkpointBlocks, labelSmoothing: 0.1 },
      config: {
        accumulate: 2,
        freeze: ['encoder.0.*'].slice(0, architecture === 'decoder-only' ? 0 : 1),
      },
    });
    const [kept, again] = [await run(options(false)), await run(options(true))];
    expect(again.losses[0]).toBe(kept.losses[0]);
    for (const [i, loss] of kept.losses.entries()) expect(again.losses[i]! / loss).toBeCloseTo(1, 5);
    expect(again.metrics.map(({ count }) => count)).toEqual(kept.metrics.map(({ count }) => count));
  },
);
