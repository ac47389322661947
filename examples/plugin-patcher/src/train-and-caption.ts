import { Random, Registry, type StepMetrics } from '@simvlm/core';
import { arrayDataset, captionPrefix, createBatchSource, imagePixels } from '@simvlm/data';
import { centerCrop } from '@simvlm/image';
import { prefixLmLearner, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import { trainUnigram } from '@simvlm/tokenizer';
import { train } from '@simvlm/trainer';
import { overlappingPatcher } from './overlapping-patcher';
import { shapeExamples } from './shapes';

export interface TrainAndCaptionOptions {
  readonly steps: number;
  readonly seed: number;
  /** Called after each training step. */
  readonly onStep?: (metrics: StepMetrics) => void;
}

export interface TrainAndCaptionResult {
  /** How the backend in use describes itself. */
  readonly backend: string;
  /** The loss of each step, in nats a token. */
  readonly losses: readonly number[];
  /** New drawings, what they show and what the model says. */
  readonly captions: readonly { readonly truth: string; readonly text: string }[];
  readonly parameterNames: readonly string[];
}

const IMAGE_SIZE = 32;
const TRAINING_DRAWINGS = 2000;
const NEW_DRAWINGS = 60;

/** Trains a small SimVLM whose images are read by the plug-in's patcher, then captions drawings that it has not seen. */
export async function trainAndCaption({
  steps,
  seed,
  onStep,
}: TrainAndCaptionOptions): Promise<TrainAndCaptionResult> {
  const { name, detail } = await pickBackend();
  const examples = shapeExamples(TRAINING_DRAWINGS, seed);
  const tokenizer = await trainUnigram(
    examples.map(({ text }) => text),
    // A dozen captions do not fill a vocabulary.
    { vocabSize: 60, hardVocabLimit: false },
  );

  // All that it takes to use a patcher from outside: a registry that knows it, and its name in the configuration.
  const registry = new Registry().use(overlappingPatcher);
  const { pad, bos, eos } = tokenizer.special;
  const config: SimVlmConfig = {
    architecture: 'encoder-decoder',
    imageSize: IMAGE_SIZE,
    width: 64,
    layers: 1,
    heads: 4,
    mlp: 128,
    vocabSize: tokenizer.vocabSize,
    maxTextLength: 16,
    tokens: { pad, bos, eos },
    patcher: { kind: 'overlapping', stride: 4, channels: 32 },
  };
  const model = SimVlm.create(config, { seed, registry });
  try {
    const losses: number[] = [];
    await train({
      learner: prefixLmLearner(model),
      batches: createBatchSource({
        imageText: { dataset: arrayDataset(examples), batchSize: 16 },
        tokenizer,
        maxTextLength: config.maxTextLength,
        prefix: captionPrefix,
        transform: image => centerCrop(image, IMAGE_SIZE),
        random: Random.fromSeed(seed).fork('data'),
      }),
      config: { steps, learningRate: 3e-3, warmup: 0.1 },
      callbacks: [
        {
          onStep(metrics) {
            losses.push(metrics.loss);
            onStep?.(metrics);
          },
        },
      ],
    });

    // Another seed: other places, sizes and pairs of colour and shape than in training.
    const unseen = shapeExamples(NEW_DRAWINGS, seed + 1);
    const generated = await model.generate({ images: imagePixels(unseen.map(({ image }) => image!)) });
    return {
      backend: `${name} (${detail})`,
      losses,
      captions: generated.map(({ tokens }, i) => ({
        truth: unseen[i]!.text,
        text: tokenizer.decode(tokens),
      })),
      parameterNames: model.params.names(),
    };
  } finally {
    model.dispose();
  }
}
