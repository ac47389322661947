import { beforeAll, describe, expect, it } from 'vitest';
import { withBackend } from '../with-backend';
import { CLIP, type TrainedRun, type TrainingData, type TrainingScale, trainOn } from './scenario';

export interface TrainingRun {
  /** Registers the backend, and wasm. */
  readonly ready: () => Promise<void>;
  readonly data: () => Promise<TrainingData>;
  readonly steps: number;
  /** Nats by which the loss must fall at least, so that there is a curve to follow. */
  readonly fall: number;
  /** Default: `fullScale`. */
  readonly scale?: TrainingScale;
}

/** Nats per token between two losses of the same step. */
const TOLERANCE = 1e-3;

/** The same run on wasm and on `backendName`: every loss must agree. */
export function describeTraining(
  backendName: string,
  { ready, data, steps, fall, scale }: TrainingRun,
): void {
  describe(`${steps} steps of training on ${backendName}`, () => {
    withBackend(backendName, ready);
    let expected: TrainedRun;
    let actual: TrainedRun;
    beforeAll(async () => {
      const examples = await data();
      expected = await trainOn('wasm', examples, steps, scale);
      actual = await trainOn(backendName, examples, steps, scale);
    }, 600_000);

    it(`have the losses of wasm, each within ${TOLERANCE} nats`, () => {
      expect(actual.metrics.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
      const far = expected.metrics.flatMap(({ step, loss: wasm }, i) => {
        const { loss } = actual.metrics[i]!;
        return Math.abs(loss - wasm) <= TOLERANCE ? [] : [{ step, wasm, loss }];
      });
      expect(far).toEqual([]);
    });

    it('learn, with gradients above the limit, and in a long run below it', () => {
      const { metrics } = actual;
      const last = metrics.slice(-Math.ceil(steps / 10));
      const end = last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
      expect(end).toBeLessThan(metrics[0]!.loss - fall);
      const clipped = metrics.filter(({ gradientNorm }) => gradientNorm > CLIP).length;
      expect(clipped).toBeGreaterThan(steps / 10);
      if (steps >= 100) expect(clipped).toBeLessThan(steps);
    });

    it('end in the greedy captions of wasm', () => {
      expect(actual.captions.some(caption => caption.length > 0)).toBe(true);
      expect(actual.captions).toEqual(expected.captions);
    });
  });
}
