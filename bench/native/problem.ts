/**
 * What the contenders of `pnpm bench native` train, as files that TypeScript and Python read alike: `config.json`, `weights.safetensors`
 * (the start), `batches.json` (whole numbers) and `images.safetensors` (`float32[steps, B, S, S, 3]`).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initialValues, type PrefixLmBatch, Random } from '@simvlm/core';
import {
  modelParameters,
  presets,
  readSafetensors,
  type SimVlmConfig,
  writeSafetensors,
} from '@simvlm/model';

export interface Problem {
  readonly config: SimVlmConfig;
  /** Rows of a batch. */
  readonly rows: number;
  /** Different batches; they come again in the same order. */
  readonly batches: number;
}

const EOS = 2;
const tokens = { pad: 0, bos: 1, eos: EOS };

/** As the trainer of the library trains by default. */
export const optimizer = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clip: 1,
};

/** A ResNet's first stages with the paper's strides, and a vocabulary of 4,000: 64 pixels make 4 × 4 image tokens. */
const small: Problem = {
  config: {
    architecture: 'encoder-decoder',
    imageSize: 64,
    width: 256,
    layers: 4,
    heads: 4,
    mlp: 1024,
    vocabSize: 4000,
    maxTextLength: 32,
    tokens,
    patcher: {
      kind: 'conv',
      stem: { kernel: 7, stride: 2, channels: 64, pool: true },
      stages: [
        { blocks: 1, channels: 256, stride: 1 },
        { blocks: 1, channels: 512, stride: 2 },
        { blocks: 1, channels: 1024, stride: 2 },
      ],
    },
  },
  rows: 32,
  batches: 8,
};

/** SimVLM-Base as the paper trains it, with 64 text tokens: 251.7 M parameters, 14 × 14 image tokens. Work for a GPU. */
const base: Problem = {
  config: { ...presets.base!, maxTextLength: 64, vocabSize: 32_000, tokens },
  rows: 128,
  batches: 2,
};

/** SimVLM-Base as its preset is, 256 text tokens, in batches that a CPU trains on in seconds. */
export const baseOnCpu: Problem = {
  config: { ...presets.base!, vocabSize: 32_000, tokens },
  rows: 2,
  batches: 1,
};

/** The same parts, tiny: whether everything runs. */
const tiny: Problem = {
  config: {
    ...small.config,
    imageSize: 32,
    width: 64,
    layers: 2,
    mlp: 128,
    vocabSize: 500,
    maxTextLength: 16,
    patcher: {
      kind: 'conv',
      stem: { kernel: 7, stride: 2, channels: 32, pool: true },
      stages: [
        { blocks: 1, channels: 64, stride: 1 },
        { blocks: 1, channels: 128, stride: 2 },
      ],
    },
  },
  rows: 8,
  batches: 2,
};

export const problems = { tiny, small, base };

export function writeProblem(folder: string, problem: Problem): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model: problem.config, optimizer }, null, 2));
  writeFileSync(join(folder, 'weights.safetensors'), weights(problem.config));
  const batches = Array.from({ length: problem.batches }, (_, step) => batch(problem, step));
  const side = problem.config.imageSize;
  const values = new Float32Array(problem.batches * problem.rows * side * side * 3);
  for (const [step, { pixels }] of batches.entries()) values.set(pixels, step * pixels.length);
  const shape = [problem.batches, problem.rows, side, side, 3];
  writeFileSync(join(folder, 'images.safetensors'), writeSafetensors([['images', { shape, values }]]));
  writeFileSync(join(folder, 'batches.json'), JSON.stringify(batches.map(({ texts }) => texts)));
}

export function readProblem(folder: string) {
  const json = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const { model, optimizer: options } = json('config.json') as {
    model: SimVlmConfig;
    optimizer: typeof optimizer;
  };
  const images = readSafetensors(readFileSync(join(folder, 'images.safetensors'))).tensors.get('images')!;
  const texts: number[][][] = json('batches.json');
  const perBatch = images.values.length / texts.length;
  const batches = texts.map((rows, step): PrefixLmBatch => {
    const length = rows[0]!.length;
    return {
      size: rows.length,
      length,
      tokens: Int32Array.from(rows.flat()),
      textLengths: new Int32Array(rows.length).fill(length),
      prefixLengths: new Int32Array(rows.length),
      images: {
        side: model.imageSize,
        pixels: images.values.subarray(step * perBatch, (step + 1) * perBatch),
      },
      ids: rows.map((_, row) => `${row}`),
    };
  });
  return {
    config: model,
    optimizer: options,
    weights: readFileSync(join(folder, 'weights.safetensors')),
    batches,
  };
}

/** A smaller batch: the first rows of a larger one. */
export function firstRows(batch: PrefixLmBatch, rows: number): PrefixLmBatch {
  const { length, tokens, textLengths, prefixLengths, images, ids } = batch;
  return {
    size: rows,
    length,
    tokens: tokens.subarray(0, rows * length),
    textLengths: textLengths.subarray(0, rows),
    prefixLengths: prefixLengths.subarray(0, rows),
    ids: ids.slice(0, rows),
    ...(images && {
      images: { side: images.side, pixels: images.pixels.subarray(0, rows * images.side ** 2 * 3) },
    }),
  };
}

function weights(config: SimVlmConfig): Uint8Array {
  const random = Random.fromSeed(0).fork('weights');
  return writeSafetensors(
    [...modelParameters(config)].map(([name, spec]) => {
      const values = initialValues(name, spec, random);
      // The logit of the end token is 0, and so never the largest: every contender generates the same number of tokens.
      if (name === 'embedding.weight') values.fill(0, EOS * config.width, (EOS + 1) * config.width);
      return [name, { shape: spec.shape, values }];
    }),
  );
}

/** Something to learn: the colours of a picture's quarters begin its text, and each token leads to one of four. */
function batch({ config, rows }: Problem, step: number) {
  const { imageSize: side, maxTextLength: length, vocabSize } = config;
  const random = Random.fromSeed(2).fork(step);
  const pixels = new Float32Array(rows * side * side * 3);
  const texts = Array.from({ length: rows }, (_, row) => {
    const colours = Array.from({ length: 12 }, () => 2 * random.uniform() - 1);
    for (let i = 0; i < side * side * 3; i++) {
      const [y, x, c] = [Math.floor(i / (3 * side)), Math.floor(i / 3) % side, i % 3];
      const quarter = 2 * Math.floor((2 * y) / side) + Math.floor((2 * x) / side);
      // Noise from a hash of the place: drawing a number for each would take longer than the benchmark.
      const noise = ((Math.imul(i + 1 + row * 7919, 2654435761) >>> 8) / 2 ** 24 - 0.5) / 2;
      pixels[row * side * side * 3 + i] = Math.max(-1, Math.min(1, colours[3 * quarter + c]! + noise));
    }
    const words = vocabSize - 3;
    let word = colours.reduce((sum, colour) => 2 * sum + (colour > 0 ? 1 : 0), 0) % words;
    return Array.from({ length }, () => {
      word = (5 * word + 7 + random.integer(4)) % words;
      return 3 + word;
    });
  });
  return { pixels, texts };
}
