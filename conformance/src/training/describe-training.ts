import type { StepMetrics } from '@simvlm/trainer';
import { beforeAll, describe, expect, it } from 'vitest';
import { withBackend } from '../with-backend';
import { CLIP, type TrainingData, trainOn } from './scenario';

export interface TrainingRun {
  /** Registers the backend, and wasm. */
  readonly ready: () => Promise<void>;
  readonly data: () => Promise<TrainingData>;
  readonly steps: number;
  /** Nats by which the loss must fall at least, so that there is a curve to follow. */
  readonly fall: number;
}

/** Nats per token between two losses of the same step. */
const TOLERANCE = 1e-3;

/** The same run on wasm and on `backendName`: every loss must agree. */
export function describeTraining(backendName: string, { ready, data, steps, fall }: TrainingRun): void {
  describe(`${steps} steps of training on ${backendName}`, () => {
    withBackend(backendName, ready);
    let expected: StepMetrics[];
    let actual: StepMetrics[];
    beforeAll(async () => {
      const examples = await data();
      expected = await trainOn('wasm', examples, steps);
      actual = await trainOn(backendName, examples, steps);
    }, 180_000);

    it(`have the losses of wasm, each within ${TOLERANCE} nats`, () => {
      expect(actual.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
      const far = expected.flatMap(({ step, loss }, i) =>
        Math.abs(actual[i]!.loss - loss) <= TOLERANCE ? [] : [{ step, wasm: loss, loss: actual[i]!.loss }],
      );
      expect(far).toEqual([]);
    });

    it('learn, with gradients above the limit and below it', () => {
      const last = actual.slice(-Math.ceil(steps / 10));
      const end = last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
      expect(end).toBeLessThan(actual[0]!.loss - fall);
      const clipped = actual.filter(({ gradientNorm }) => gradientNorm > CLIP).length;
      expect(clipped).toBeGreaterThan(steps / 10);
      expect(clipped).toBeLessThan(steps);
    });
  });
}
