import { type BatchSource, Random } from '@simvlm/core';

/** Points of the square, and which of them lie in the circle. */
export interface Points {
  /** `float32[B, 3]`: x, y and 1, so that the network has a bias. */
  readonly xy: Float32Array;
  /** `float32[B]`: 1 inside, else 0. */
  readonly labels: Float32Array;
}

export function drawPoints(random: Random, count: number): Points {
  const xy = new Float32Array(3 * count);
  const labels = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
    xy.set([x, y, 1], 3 * row);
    labels[row] = x * x + y * y < 0.5 ? 1 : 0;
  }
  return { xy, labels };
}

/** New points for each step. They follow from the seed and the step, so that a resumed run goes on with the right ones. */
export function pointBatches(seed: number, size: number): BatchSource<Points> {
  let step = 0;
  return {
    next: async () => [drawPoints(Random.fromSeed(seed).fork(step++), size)],
    state: () => step,
    restore: ([state]) => void (step = Number(state)),
    skipped: () => ({ count: 0, draws: 0, reasons: [] }),
  };
}
