import { norm } from '@simvlm/attention';
import { type BlockPass, ConfigError, type Registry } from '@simvlm/core';
import { embedding, scalePixels, type WordTable, wordTable } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';
import { type Drops, patchDrop, seedsOf } from '../finetune/drop';
import { pass } from '../recompute';
import type { PassOptions } from './contract';
import { type Scope, small } from './stack';

/** Text tokens with their positions: `int32[B, L]`, `int32[B, L]` → `[B, L, D]`. */
export type EmbedText = (tokens: tf.Tensor, positions: tf.Tensor) => tf.Tensor;

/** Image tokens with their positions: packed bytes → `[B, N, W]`. */
export type EmbedImages = (packed: tf.Tensor2D, options?: PassOptions) => tf.Tensor;

/** What becomes a sequence, and how. */
export interface Embeddings {
  /** N, the grid and the tokens before it. */
  readonly imageTokens: number;
  readonly grid: { readonly height: number; readonly width: number };
  /** W */
  readonly imageWidth: number;
  /** Blocks of the patcher that stochastic depth may leave out. */
  readonly patcherBlocks: number;
  /** `[V, D]` */
  readonly table: WordTable;
  readonly text: EmbedText;
  /** @param depth blocks of patcher and encoder that stochastic depth may leave out */
  images(depth: number): EmbedImages;
}

/** Declares `patcher.*`, `embedding.*` and `positions.*`. @throws ConfigError where image tokens do not fit the model */
export function embeddings(scope: Scope, config: SimVlmConfig, registry: Registry): Embeddings {
  const { width, vocabSize, imageSize, picture } = config;
  const { kind, ...options } = config.patcher;
  const params = scope.scope('patcher');
  const patcher = registry.get('patcher', kind)(options, { imageSize, width, params });
  const { grid, extraTokens = 0, width: imageWidth = width } = patcher;
  const N = extraTokens + grid.height * grid.width;
  checkImageTokens(config, { extraTokens, imageWidth });
  const table = wordTable(scope.scope('embedding'), { words: vocabSize, width, init: small });
  const positions =
    config.imagePositions?.added === false
      ? undefined
      : scope.param('positions.image', [N, imageWidth], small);
  const scaling = {
    side: imageSize,
    ...(picture?.mean && { mean: picture.mean }),
    ...(picture?.std && { std: picture.std }),
  };
  return {
    imageTokens: N,
    grid,
    imageWidth,
    patcherBlocks: patcher.residualBlocks ?? 0,
    table,
    text: textEmbedding(scope, config, table),
    images:
      depth =>
      (packed, { checkpointBlocks, drops } = {}) => {
        const block = checkpointBlocks ? computedAgain(drops, depth) : undefined;
        const tokens = patcher.patch(
          scalePixels(packed, scaling),
          patchDrop(drops, depth),
          block,
        ) as tf.Tensor;
        return positions ? tf.add(tokens, positions) : tokens;
      },
  };
}

/** A block of the patcher of which nothing is kept for the backward pass. */
function computedAgain(drops: Drops | undefined, depth: number): BlockPass<tf.Tensor> {
  return (f, x, params) =>
    pass(
      ([given], [seeds]) => f(given!, patchDrop(drops && { ...drops, seeds: seeds! }, depth)),
      { inputs: [x], constants: seedsOf(drops), params },
      true,
    );
}

/** Declares `positions.text` and, where the configuration has one, `embedding.norm`. */
export function textEmbedding(scope: Scope, config: SimVlmConfig, table: WordTable): EmbedText {
  const { width, maxTextLength, embeddingNorm, block } = config;
  const positions = scope.param('positions.text', [maxTextLength, width], small);
  const normed = embeddingNorm ? norm(scope.scope('embedding.norm'), width, block?.epsilon) : undefined;
  return (tokens, places) => {
    const sum = tf.add(table.embed(tokens), embedding(positions, places)) as tf.Tensor;
    return normed ? normed(sum) : sum;
  };
}

/** Tokens that stand in one sequence with text have its width, and a relative bias is between those of the grid alone. */
function checkImageTokens(
  { width, architecture, encoder, imagePositions }: SimVlmConfig,
  { extraTokens, imageWidth }: { extraTokens: number; imageWidth: number },
): void {
  const inSequence = architecture === 'decoder-only' || (encoder?.kind ?? 'joint') === 'joint';
  if (!inSequence) return;
  if (imageWidth !== width)
    throw invalid(
      `the patcher's tokens have width ${imageWidth}, the text ${width}; give the patcher a "projection" that makes them the same`,
    );
  if (extraTokens > 0 && imagePositions?.relative !== false)
    throw invalid('a patcher with a class token needs "imagePositions": { "relative": false }');
}

function invalid(what: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', `model config: ${what}`);
}
