/** What is trained and decoded: an encoder-decoder of 4 + 4 layers, and what it reads. The same numbers in Node and in a page. */
import { initialValues, type PrefixLmBatch, Random } from '@simvlm/core';
import { modelParameters, type SimVlmConfig } from '@simvlm/model';

/** How large the work is: a device in software needs seconds for what a GPU does in milliseconds. */
export interface Scale {
  readonly patcher: SimVlmConfig['patcher'];
  /** Of a batch of images and texts. */
  readonly rows: number;
  /** Of a batch of the stack alone, with 32 tokens each. */
  readonly stackRows: number;
  /** Extent of the square matrices that the ceiling is measured with. */
  readonly extent: number;
}

/** 64 pixels make 4 × 4 image tokens, either way. In software convolutions would be most of a step. */
export const scales = {
  software: { patcher: { kind: 'linear', patchSize: 16 }, rows: 2, stackRows: 2, extent: 512 },
  /** The patcher of `pnpm bench native`: a ResNet's first stages. */
  gpu: {
    patcher: {
      kind: 'conv',
      stem: { kernel: 7, stride: 2, channels: 64, pool: true },
      stages: [
        { blocks: 1, channels: 256, stride: 1 },
        { blocks: 1, channels: 512, stride: 2 },
        { blocks: 1, channels: 1024, stride: 2 },
      ],
    },
    ...{ rows: 32, stackRows: 32, extent: 2048 },
  },
} as const satisfies Record<string, Scale>;
export type ScaleName = keyof typeof scales;

/** All of the model but its patcher. */
export const model = {
  architecture: 'encoder-decoder',
  imageSize: 64,
  width: 256,
  layers: 4,
  heads: 4,
  mlp: 1024,
  vocabSize: 4000,
  maxTextLength: 32,
  tokens: { pad: 0, bos: 1, eos: 2 },
} as const;

/** M: places of the memory that the decoder attends to. */
export const IMAGE_TOKENS = 16;

/** As the trainer of the library trains by default. */
export const optimizer = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clip: 1,
};

/** The weights that all start with, by name. */
export function weights(
  config: SimVlmConfig,
): Map<string, { shape: readonly number[]; values: Float32Array }> {
  const random = Random.fromSeed(0).fork('weights');
  return new Map(
    [...modelParameters(config)].map(([name, spec]) => {
      const values = initialValues(name, spec, random);
      const { width, tokens } = model;
      // The logit of the end token is 0, and so never the largest: every row generates as many tokens.
      if (name === 'embedding.weight') values.fill(0, tokens.eos * width, (tokens.eos + 1) * width);
      return [name, { shape: spec.shape, values }];
    }),
  );
}

/** Images of noise, `float32[rows, S, S, 3]` in [−1, 1]. */
export function images(rows: number, step = 0): Float32Array {
  const { imageSize: side } = model;
  return Float32Array.from({ length: rows * side * side * 3 }, (_, i) => {
    // A hash of the place: drawing numbers one by one takes longer.
    const hash = Math.imul(i + 1 + 7919 * step, 2654435761) >>> 8;
    return hash / 2 ** 23 - 1;
  });
}

/** Batch number `step`: each token leads to one of four. */
export function batch(step: number, rows: number): PrefixLmBatch {
  const { maxTextLength: length, vocabSize, imageSize: side } = model;
  const random = Random.fromSeed(2).fork(step);
  const words = vocabSize - 3;
  const tokens = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    let word = random.integer(words);
    for (let t = 0; t < length; t++) {
      word = (5 * word + 7 + random.integer(4)) % words;
      tokens[row * length + t] = 3 + word;
    }
  }
  return {
    size: rows,
    length,
    tokens,
    textLengths: new Int32Array(rows).fill(length),
    prefixLengths: new Int32Array(rows),
    images: { side, pixels: images(rows, step) },
    ids: Array.from({ length: rows }, (_, row) => `${row}`),
  };
}
