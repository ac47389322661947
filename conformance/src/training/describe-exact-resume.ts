import { type CheckpointFiles, type CheckpointStorage, collect, memoryCheckpoint } from '@simvlm/checkpoint';
import type { LearnerOptions } from '@simvlm/model';
import { type TrainConfig, train } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { withBackend } from '../with-backend';
import { learnerKinds, type MakeSubject } from './learners';

interface Way {
  readonly config: Partial<TrainConfig>;
  readonly learner: LearnerOptions;
}

/** What makes a run remember more than its weights. */
const everything: Way = {
  config: { accumulate: 2, emaDecay: 0.9, layerDecay: 0.8, groups: [{ match: ['*'], learningRate: 0.7 }] },
  learner: { dropout: 0.2, stochasticDepth: 0.3, labelSmoothing: 0.1, checkpointBlocks: true },
};

const ways = {
  plain: { config: {}, learner: {} },
  everything,
  recorded: { ...everything, config: { ...everything.config, captureSteps: true } },
} satisfies Record<string, Way>;

const STEPS = 6;
const STOP = 3;

/**
 * Every kind of learner: a run that was stopped, and goes on in another process from what its checkpoint says, has the losses and the files of one
 * that was never stopped, bit for bit.
 *
 * @param ready registers the backend
 * @param ways `recorded` needs a backend that overwrites its tensors
 * @param kinds default: all
 */
export function describeExactResume(
  backendName: string,
  {
    ready,
    ways: names,
    kinds = Object.keys(learnerKinds),
  }: {
    readonly ready: () => Promise<void>;
    readonly ways: readonly (keyof typeof ways)[];
    readonly kinds?: readonly string[];
  },
): void {
  describe(`on ${backendName}, a resumed run equals the uninterrupted one`, () => {
    withBackend(backendName, ready);
    describe.each(kinds)('%s', kind => {
      it.each(names)(
        '%s',
        async name => {
          const way = ways[name];
          const before = tf.memory().numTensors;
          const make = learnerKinds[kind]!;
          const whole = await trainOnce(make, way, { seed: 1 });
          const first = await trainOnce(make, way, { seed: 1, stopAt: STOP });
          const second = await trainOnce(make, way, { seed: 99, resume: first.files });
          expect(whole.losses).toHaveLength(STEPS);
          expect(new Set(whole.losses).size).toBe(STEPS);
          expect([...first.losses, ...second.losses]).toEqual(whole.losses);
          const tensors = [...whole.files.keys()].filter(name => name.endsWith('.safetensors'));
          expect(tensors).toContain('optimizer.safetensors');
          for (const name of tensors) expect(second.files.get(name), name).toEqual(whole.files.get(name));
          expect(first.files.get('weights.safetensors')).not.toEqual(whole.files.get('weights.safetensors'));
          expect(tf.memory().numTensors).toBe(before);
        },
        120_000,
      );
    });
  });
}

interface Once {
  readonly seed: number;
  readonly stopAt?: number;
  readonly resume?: CheckpointFiles;
}

/** @returns the losses, and the files of the last checkpoint */
async function trainOnce(
  make: MakeSubject,
  { config, learner: options }: Way,
  { seed, stopAt, resume }: Once,
): Promise<{ losses: number[]; files: CheckpointFiles }> {
  const { learner, batches, dispose } = make(seed, options);
  const stop = new AbortController();
  const losses: number[] = [];
  let files: CheckpointFiles | undefined;
  const storage: CheckpointStorage = {
    save: async (_, contents) => void (files = await collect(contents)),
    latest: async () => undefined,
    best: async () => undefined,
    open: async () => undefined,
  };
  try {
    await train({
      ...{ learner, batches, storage, signal: stop.signal },
      config: { learningRate: 0.01, warmup: 2, steps: STEPS, seed: 3, ...config },
      ...(resume && { resume: memoryCheckpoint(resume) }),
      callbacks: [
        {
          onStep({ step, loss }) {
            losses.push(loss);
            if (step === stopAt) stop.abort();
          },
        },
      ],
    });
  } finally {
    dispose();
  }
  return { losses, files: files! };
}
