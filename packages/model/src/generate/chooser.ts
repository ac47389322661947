import * as tf from '@tensorflow/tfjs';
import { type Choice, createSampler, type SamplerOptions } from './sampler';
import type { Reduction } from './session';

/** Numbers that a reduction gave, by name. */
type Numbers = Readonly<Record<string, Float32Array | Int32Array>>;

/** A sampler in two parts: what the device makes of the logits of all rows, and what the host chooses from it. */
export interface Chooser {
  readonly reduce: Reduction;
  choose(numbers: Numbers, row: number, step: number): Choice;
}

/** @throws ConfigError as `createSampler` does */
export function createChooser(options: SamplerOptions, vocabSize: number): Chooser {
  const sample = createSampler(options);
  if (options.kind === 'greedy') return greedy;
  return {
    reduce: logits => ({ logits }),
    choose: ({ logits }, row, step) =>
      sample((logits as Float32Array).subarray(row * vocabSize, (row + 1) * vocabSize), row, step),
  };
}

/** The greedy choice is made on the device: two numbers a row come to the host, not a vocabulary. */
const greedy: Chooser = {
  reduce(logits) {
    // log p of the largest logit: −log Σ exp(logit − largest).
    const rest = tf.sub(logits, tf.max(logits, 1, true));
    return { token: tf.argMax(logits, 1), logProb: rest.exp().sum(1).log().neg() };
  },
  choose: ({ token, logProb }, row) => ({ token: token![row]!, logProb: logProb![row]! }),
};
