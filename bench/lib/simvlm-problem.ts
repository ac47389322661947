/** A SimVLM to train and decode, its start and its batches: the same numbers in Node and in a page. */
import { initialValues, type PrefixLmBatch, Random } from '@simvlm/core';
import { modelParameters, type SimVlmConfig } from '@simvlm/model';

export interface Problem {
  readonly config: SimVlmConfig;
  /** Rows of a batch. */
  readonly rows: number;
}

/** As the trainer of the library trains by default. */
export const optimizer = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clip: 1,
};

export const specialTokens = { pad: 0, bos: 1, eos: 2 };

/** 10.6 M parameters. A ResNet's first stages with the paper's strides: 64 pixels make 4 × 4 image tokens. */
export const smallConfig = {
  architecture: 'encoder-decoder',
  imageSize: 64,
  width: 256,
  layers: 4,
  heads: 4,
  mlp: 1024,
  vocabSize: 4000,
  maxTextLength: 32,
  tokens: specialTokens,
  patcher: {
    kind: 'conv',
    stem: { kernel: 7, stride: 2, channels: 64, pool: true },
    stages: [
      { blocks: 1, channels: 256, stride: 1 },
      { blocks: 1, channels: 512, stride: 2 },
      { blocks: 1, channels: 1024, stride: 2 },
    ],
  },
} as const satisfies SimVlmConfig;

/** The weights that all contenders start with, by name. */
export function startingWeights(
  config: SimVlmConfig,
): [name: string, { shape: readonly number[]; values: Float32Array }][] {
  const random = Random.fromSeed(0).fork('weights');
  return [...modelParameters(config)].map(([name, spec]) => {
    const values = initialValues(name, spec, random);
    const { width, tokens } = config;
    // The logit of the end token is 0, and so never the largest: every contender generates the same number of tokens.
    if (name === 'embedding.weight') values.fill(0, tokens.eos * width, (tokens.eos + 1) * width);
    return [name, { shape: spec.shape, values }];
  });
}

/** Batch number `step`. Something to learn: the colours of a picture's quarters begin its text, and each token leads to one of four. */
export function batchOf({ config, rows }: Problem, step: number): PrefixLmBatch {
  const { imageSize: side, maxTextLength: length, vocabSize } = config;
  const random = Random.fromSeed(2).fork(step);
  const pixels = new Uint8Array(rows * side * side * 3);
  const tokens = new Int32Array(rows * length);
  const words = vocabSize - 3;
  for (let row = 0; row < rows; row++) {
    const colours = Array.from({ length: 12 }, () => 2 * random.uniform() - 1);
    for (let i = 0; i < side * side * 3; i++) {
      const [y, x, c] = [Math.floor(i / (3 * side)), Math.floor(i / 3) % side, i % 3];
      const quarter = 2 * Math.floor((2 * y) / side) + Math.floor((2 * x) / side);
      // Noise from a hash of the place: drawing a number for each would take longer than the benchmark.
      const noise = ((Math.imul(i + 1 + row * 7919, 2654435761) >>> 8) / 2 ** 24 - 0.5) / 2;
      const value = Math.max(-1, Math.min(1, colours[3 * quarter + c]! + noise));
      pixels[row * side * side * 3 + i] = Math.round(127.5 * (value + 1));
    }
    let word = colours.reduce((sum, colour) => 2 * sum + (colour > 0 ? 1 : 0), 0) % words;
    for (let t = 0; t < length; t++) {
      word = (5 * word + 7 + random.integer(4)) % words;
      tokens[row * length + t] = 3 + word;
    }
  }
  return {
    ...wholeTexts(tokens, rows),
    images: { side, pixels },
  };
}

/** Rows of text that fill their places, all of it to be predicted: a batch without pictures. */
export function wholeTexts(tokens: Int32Array, size: number): PrefixLmBatch {
  const length = tokens.length / size;
  return {
    ...{ size, length, tokens },
    textLengths: new Int32Array(size).fill(length),
    prefixLengths: new Int32Array(size),
    ids: Array.from({ length: size }, (_, row) => `${row}`),
  };
}
