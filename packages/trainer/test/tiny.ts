import { registerWasmBackend } from '@simvlm/backend-wasm';
import {
  type Checkpoint,
  type CheckpointFiles,
  type CheckpointStorage,
  collect,
  memoryCheckpoint,
} from '@simvlm/checkpoint';
import {
  type BatchSource,
  type Example,
  type PrefixLmBatch,
  Random,
  type RgbImage,
  type Share,
  type StepMetrics,
  type Tokenizer,
} from '@simvlm/core';
import {
  arrayDataset,
  createBatchSource,
  datasetSource,
  exampleStream,
  type Pictures,
  prefetch,
  uniformPrefix,
} from '@simvlm/data';
import { type LearnerOptions, prefixLmLearner, SimVlm, type SimVlmConfig } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type TrainConfig, type TrainOptions, type TrainResult, train } from '../src/index';

export { errorOf } from '../../checkpoint/test/error-of';

export async function useBackend(name: 'cpu' | 'wasm'): Promise<void> {
  if (name === 'wasm') await registerWasmBackend({ threads: 2 });
  await tf.setBackend(name);
}

export function tinyConfig(change: Partial<SimVlmConfig> = {}): SimVlmConfig {
  return {
    architecture: 'encoder-decoder',
    imageSize: 8,
    width: 16,
    layers: 1,
    heads: 2,
    mlp: 32,
    vocabSize: 20,
    maxTextLength: 8,
    tokens: { pad: 0, bos: 2, eos: 3 },
    patcher: { kind: 'linear', patchSize: 4 },
    ...change,
  };
}

/** A token a letter, a to p. */
export const letters: Tokenizer = {
  vocabSize: 20,
  special: { pad: 0, unk: 1, bos: 2, eos: 3 },
  encode: text => Int32Array.from(text, letter => 4 + letter.charCodeAt(0) - 97),
  decode: ids => Array.from(ids, id => String.fromCharCode(93 + id)).join(''),
};

const texts = ['abc', 'd', 'efghij', 'kl', 'mnop', 'aa', 'bcd', 'pon', 'lkjih', 'g', 'fe'];

function picture(seed: number): RgbImage {
  const random = Random.fromSeed(seed);
  return { width: 8, height: 8, data: Uint8Array.from({ length: 192 }, () => random.integer(256)) };
}

export interface DataOptions {
  readonly images?: boolean;
  readonly documents?: boolean;
  readonly ahead?: number;
  readonly seed?: number;
  /** Which of several processes reads them; default: one alone. */
  readonly share?: Share;
}

const pictures: Pictures = {
  transform: { size: 8, augment: 'drawing' },
};

/** Batches in which everything random is used: order, prefixes, and pictures that are turned and coloured by chance. */
export function batches({
  images = true,
  documents = false,
  ahead = 0,
  seed = 1,
  share = { rank: 0, size: 1 },
}: DataOptions = {}): BatchSource {
  const pairs: Example[] = texts.map((text, i) => ({ id: `pair-${i}`, text, image: picture(i) }));
  const random = Random.fromSeed(seed);
  const streamOf = (name: string, examples: readonly Example[]) => ({
    source: datasetSource(arrayDataset(examples)),
    ...{ share, random: random.fork(name), length: examples.length, identity: `${name} ${seed}` },
  });
  const source = createBatchSource({
    ...(images && {
      imageText: { stream: exampleStream({ ...streamOf('pairs', pairs), pictures }), batchSize: 3 },
    }),
    ...(documents && {
      textOnly: {
        stream: exampleStream(
          streamOf(
            'documents',
            texts.map((text, i) => ({ id: `text-${i}`, text })),
          ),
        ),
        batchSize: 2,
      },
    }),
    tokenizer: letters,
    maxTextLength: 8,
    prefix: uniformPrefix,
  });
  return ahead > 0 ? prefetch(source, ahead) : source;
}

export interface Trained {
  readonly metrics: readonly StepMetrics[];
  readonly losses: readonly number[];
  /** Every weight, bit for bit. */
  readonly weights: Uint8Array;
}

export interface RunOptions
  extends Omit<Partial<TrainOptions<PrefixLmBatch>>, 'config' | 'learner' | 'resume'> {
  readonly resume?: Checkpoint | CheckpointFiles;
  readonly config?: Partial<TrainConfig>;
  readonly model?: Partial<SimVlmConfig>;
  readonly learner?: LearnerOptions;
  readonly seed?: number;
  readonly onResult?: (result: TrainResult) => void;
  /** The signal comes during this step. */
  readonly stopAt?: number;
}

export const baseConfig: TrainConfig = { learningRate: 0.01, warmup: 2, steps: 12 };

/** Trains a tiny model of its own. */
export async function run({
  config,
  model: change,
  learner,
  seed = 1,
  stopAt,
  resume,
  onResult,
  ...options
}: RunOptions = {}): Promise<Trained> {
  const model = SimVlm.create(tinyConfig(change), { seed });
  const stop = new AbortController();
  const metrics: StepMetrics[] = [];
  try {
    const result = await train({
      learner: prefixLmLearner(model, learner),
      batches: batches(),
      config: { ...baseConfig, ...config },
      signal: stop.signal,
      ...(resume && { resume: resume instanceof Map ? memoryCheckpoint(resume) : (resume as Checkpoint) }),
      ...options,
      callbacks: [
        {
          onStep(step) {
            metrics.push(step);
            if (step.step === stopAt) stop.abort();
          },
        },
        ...(options.callbacks ?? []),
      ],
    });
    onResult?.(result);
    return {
      metrics,
      losses: metrics.map(({ loss }) => loss),
      weights: await model.saveWeights({ format: 'simvlm' }),
    };
  } finally {
    model.dispose();
  }
}

/** A storage that keeps every checkpoint. */
export function everyCheckpoint(): { kept: Map<string, Uint8Array>[]; storage: CheckpointStorage } {
  const kept: Map<string, Uint8Array>[] = [];
  const steps: number[] = [];
  return {
    kept,
    storage: {
      async save(step, contents) {
        kept.push(await collect(contents));
        steps.push(step);
      },
      latest: async () => kept.at(-1) && memoryCheckpoint(kept.at(-1)!),
      best: async () => undefined,
      open: async step => {
        const files = kept[steps.lastIndexOf(step)];
        return files && memoryCheckpoint(files);
      },
    },
  };
}
