/**
 * What the contenders of `pnpm bench native` train, as files that TypeScript and Python read alike: `config.json`, `weights.safetensors`
 * (the start), `batches.json` (whole numbers) and `images.safetensors` (`float32[steps, B, S, S, 3]`, whole numbers from 0 to 255).
 */

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byteSource } from '@simvlm/bytes';
import { openSafetensors, readSafetensors, type TensorSet, writeSafetensors } from '@simvlm/checkpoint';
import { nodeFileSystem } from '@simvlm/checkpoint/node';
import type { PrefixLmBatch } from '@simvlm/core';
import { presets, type SimVlmConfig } from '@simvlm/model';
import {
  batchOf,
  type Problem as OneProblem,
  optimizer,
  smallConfig,
  specialTokens,
  startingWeights,
  wholeTexts,
} from '../lib/simvlm-problem';

export interface Problem extends OneProblem {
  /** Different batches; they come again in the same order. */
  readonly batches: number;
}

const small: Problem = { config: smallConfig, rows: 32, batches: 8 };

/** SimVLM-Base as the paper trains it, with 64 text tokens: 251.7 M parameters, 14 × 14 image tokens. Work for a GPU. */
const base: Problem = {
  config: { ...presets.base!, maxTextLength: 64, vocabSize: 32_000, tokens: specialTokens },
  rows: 128,
  batches: 2,
};

/** SimVLM-Base as its preset is, 256 text tokens, in batches that a CPU trains on in seconds. */
export const baseOnCpu: Problem = {
  config: { ...presets.base!, vocabSize: 32_000, tokens: specialTokens },
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
  writeFileSync(join(folder, 'weights.safetensors'), writeSafetensors(startingWeights(problem.config)));
  const batches = Array.from({ length: problem.batches }, (_, step) => batchOf(problem, step));
  const side = problem.config.imageSize;
  const values = new Float32Array(problem.batches * problem.rows * side * side * 3);
  for (const [step, { images }] of batches.entries())
    values.set(images!.pixels, step * images!.pixels.length);
  const shape = [problem.batches, problem.rows, side, side, 3];
  writeFileSync(join(folder, 'images.safetensors'), writeSafetensors([['images', { shape, values }]]));
  const texts = batches.map(({ size, length, tokens }) =>
    Array.from({ length: size }, (_, row) => [...tokens.subarray(row * length, (row + 1) * length)]),
  );
  writeFileSync(join(folder, 'batches.json'), JSON.stringify(texts));
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
  const batches = texts.map(
    (rows, step): PrefixLmBatch => ({
      ...wholeTexts(Int32Array.from(rows.flat()), rows.length),
      images: {
        side: model.imageSize,
        pixels: Uint8Array.from(images.values.subarray(step * perBatch, (step + 1) * perBatch)),
      },
    }),
  );
  return {
    config: model,
    optimizer: options,
    batches,
  };
}

/** The weights that all start with, read one tensor at a time. */
export function openWeights(folder: string): Promise<TensorSet> {
  const path = join(folder, 'weights.safetensors');
  const read = async (begin: number, into: Uint8Array) => {
    await nodeFileSystem.read(path, begin, into);
  };
  return openSafetensors(byteSource(statSync(path).size, read));
}

/** A smaller batch: so many rows of a larger one. */
export function someRows(batch: PrefixLmBatch, rows: number, first = 0): PrefixLmBatch {
  const { length, tokens, textLengths, prefixLengths, images, ids } = batch;
  const end = first + rows;
  const numbers = 3 * (images?.side ?? 0) ** 2;
  return {
    size: rows,
    length,
    tokens: tokens.subarray(first * length, end * length),
    textLengths: textLengths.subarray(first, end),
    prefixLengths: prefixLengths.subarray(first, end),
    ids: ids.slice(first, end),
    ...(images && {
      images: { side: images.side, pixels: images.pixels.subarray(first * numbers, end * numbers) },
    }),
  };
}
