/** Small learners of each kind, with batches that follow from their step alone. */
import { type BatchSource, type PrefixLmBatch, Random } from '@simvlm/core';
import { collate, type Row } from '@simvlm/data';
import {
  ClassifierHead,
  classifierLearner,
  type LearnerOptions,
  prefixLmLearner,
  SimVlm,
  type SimVlmConfig,
} from '@simvlm/model';
import type { TrainLearner } from '@simvlm/trainer';

interface Subject<B> {
  readonly learner: TrainLearner<B>;
  readonly batches: BatchSource<B>;
  dispose(): void;
}

/** @param seed of the initial weights; the batches are always the same */
// biome-ignore lint/suspicious/noExplicitAny: each kind has batches of its own
export type MakeSubject = (seed: number, options: LearnerOptions) => Subject<any>;

const SIDE = 8;
const PIECES = 20;
const CLASSES = 3;
const MAX_TEXT = 8;
const EOS = 3;

const base: SimVlmConfig = {
  ...{ architecture: 'encoder-decoder', imageSize: SIDE, width: 16, layers: 2, heads: 2, mlp: 32 },
  ...{ vocabSize: PIECES, maxTextLength: MAX_TEXT, tokens: { pad: 0, bos: 2, eos: EOS } },
  patcher: { kind: 'linear', patchSize: 4 },
};

export const learnerKinds: Readonly<Record<string, MakeSubject>> = {
  pretraining: (seed, options) =>
    prefixLm(base, seed, options, random => [rows(random, 3, 'pair'), rows(random, 2, 'text')]),
  adapters: (seed, options) =>
    prefixLm({ ...base, lora: { rank: 2 } }, seed, options, random => [rows(random, 3, 'pair')]),
  // A question and its answer: the question is the prefix.
  'open-ended answers': (seed, options) =>
    prefixLm({ ...base, architecture: 'decoder-only' }, seed, withoutDepth(options), random => [
      rows(random, 3, 'answer'),
    ]),
  classifier(seed, options) {
    const model = SimVlm.create(base, { seed });
    const head = new ClassifierHead(model, { classes: CLASSES, passes: 2, seed });
    return {
      learner: classifierLearner(head, options),
      batches: stepped(random => [
        {
          passes: [rows(random, 4, 'question'), rows(random, 4, 'question')],
          labels: Int32Array.from({ length: 4 }, () => random.integer(CLASSES)),
        },
      ]),
      dispose() {
        head.dispose();
        model.dispose();
      },
    };
  },
};

function prefixLm(
  config: SimVlmConfig,
  seed: number,
  options: LearnerOptions,
  make: (random: Random) => readonly PrefixLmBatch[],
): Subject<PrefixLmBatch> {
  const model = SimVlm.create(config, { seed });
  return {
    learner: prefixLmLearner(model, options),
    batches: stepped(make),
    dispose: () => model.dispose(),
  };
}

/** A decoder alone behind linear patches has nothing that stochastic depth could leave out. */
function withoutDepth({ stochasticDepth: _, ...options }: LearnerOptions): LearnerOptions {
  return options;
}

function stepped<B>(make: (random: Random) => readonly B[]): BatchSource<B> {
  let step = 0;
  return {
    next: async () => make(Random.fromSeed(1).fork(step++)),
    state: () => step,
    restore: ([state]) => void (step = state as number),
    skipped: () => ({ count: 0, draws: 0, reasons: [] }),
  };
}

/** Rows of random pieces and pictures, each with a prefix that suits its kind. */
function rows(random: Random, count: number, kind: 'pair' | 'text' | 'question' | 'answer'): PrefixLmBatch {
  return collate(
    Array.from({ length: count }, (): Row => {
      const length = 3 + random.integer(MAX_TEXT - 3);
      const tokens = Int32Array.from({ length }, () => 4 + random.integer(PIECES - 4));
      tokens[length - 1] = EOS;
      const prefixLength = kind === 'question' ? 0 : kind === 'answer' ? length - 2 : random.integer(length);
      const image = {
        ...{ width: SIDE, height: SIDE },
        data: Uint8Array.from({ length: 3 * SIDE ** 2 }, () => random.integer(256)),
      };
      return { id: `${random.uint32()}`, tokens, prefixLength, ...(kind !== 'text' && { image }) };
    }),
    { pad: 0 },
  );
}
