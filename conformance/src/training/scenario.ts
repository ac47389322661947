import { type Example, Random, type StepMetrics } from '@simvlm/core';
import {
  arrayDataset,
  createBatchSource,
  datasetSource,
  exampleStream,
  imagePixels,
  uniformPrefix,
} from '@simvlm/data';
import { centerCrop } from '@simvlm/image';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { type SentencePieceTokenizer, trainUnigram } from '@simvlm/tokenizer';
import { train } from '@simvlm/trainer';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/** What is trained on: plain values, which a test can also hand to a page. */
export interface TrainingData {
  /** Pictures with their captions. */
  readonly pairs: readonly Example[];
  /** Texts alone. */
  readonly documents: readonly Example[];
}

/** Norm of the gradient above which it is cut. */
export const CLIP = 1.5;
/**
 * Low enough that a last digit stays one. At 3e-3 with smoothed labels two runs on the same backend, weights apart by 1e-6 of
 * themselves, were 3e-3 to 7e-3 nats apart after 200 steps; at this rate every such pair stayed within 2e-6.
 */
const LEARNING_RATE = 1e-3;
/** How much there is to compute. */
export interface TrainingScale {
  readonly imageSize: number;
  /** Blocks of encoder and decoder each. */
  readonly layers: number;
  /** Rows of a step: pairs, and documents. */
  readonly pairs: number;
  readonly documents: number;
}

const fullScale: TrainingScale = { imageSize: 32, layers: 2, pairs: 8, documents: 4 };
/** For a GPU that is computed on the processor. */
export const smallScale: TrainingScale = { imageSize: 16, layers: 1, pairs: 4, documents: 2 };
const MAX_TEXT = 16;

/** Pictures that are captioned after the run. */
const CAPTIONED = 8;

export interface TrainedRun {
  readonly metrics: readonly StepMetrics[];
  /** Greedy captions. */
  readonly captions: readonly string[];
}

/**
 * A training run as users have them, but small: the conv stage, encoder and decoder with self- and cross-attention, a batch
 * of pairs and one of documents a step, crops by chance, clipping, warm-up and decay. All draws come from one seed: what
 * differs between two backends is their arithmetic alone.
 *
 * @returns what was logged, a row for each step, and what the trained model then says of the first pictures
 */
export async function trainOn(
  backendName: string,
  { pairs, documents }: TrainingData,
  steps: number,
  scale = fullScale,
): Promise<TrainedRun> {
  await tf.setBackend(backendName);
  const tokenizer = await trainUnigram(
    [...pairs, ...documents].map(({ text }) => text),
    { vocabSize: 300, hardVocabLimit: false },
  );
  const model = smallModel(tokenizer, scale);
  const size = scale.imageSize;
  const random = Random.fromSeed(1);
  const metrics: StepMetrics[] = [];
  try {
    await train({
      learner: prefixLmLearner(model),
      batches: createBatchSource({
        imageText: {
          stream: exampleStream({
            ...{ source: datasetSource(arrayDataset(pairs)), random: random.fork('pairs') },
            pictures: { transform: { size, augment: 'crop' } },
          }),
          batchSize: scale.pairs,
        },
        textOnly: {
          stream: exampleStream({
            ...{ source: datasetSource(arrayDataset(documents)), random: random.fork('documents') },
          }),
          batchSize: scale.documents,
        },
        tokenizer,
        maxTextLength: MAX_TEXT,
        prefix: uniformPrefix,
      }),
      config: { learningRate: LEARNING_RATE, warmup: 0.1, schedule: 'cosine', clip: CLIP, steps },
      callbacks: [{ onStep: step => void metrics.push(step) }],
    });
    const pictures = pairs.slice(0, CAPTIONED).map(({ image }) => centerCrop(image!, size));
    const captions = await model.generate({ images: imagePixels(pictures) });
    return { metrics, captions: captions.map(({ tokens }) => tokenizer.decode(tokens)) };
  } finally {
    model.dispose();
  }
}

function smallModel(
  { vocabSize, special: { pad, bos, eos } }: SentencePieceTokenizer,
  { imageSize, layers }: TrainingScale,
): SimVlm {
  return SimVlm.create(
    {
      ...{ architecture: 'encoder-decoder', width: 32, layers, heads: 4, mlp: 64 },
      ...{ imageSize, vocabSize, maxTextLength: MAX_TEXT, tokens: { pad, bos, eos } },
      patcher: {
        kind: 'conv',
        stem: { kernel: 3, stride: 2, channels: 8, pool: true },
        stages: [
          { blocks: 1, channels: 16, stride: 1 },
          { blocks: 1, channels: 32, stride: 2 },
        ],
        groups: 4,
      },
    },
    { seed: 1 },
  );
}
