/**
 * What training drops at random. Generation, scoring and evaluation never do.
 *
 * **Dropout** on the output of each sublayer (attention, MLP) before it is added to the residual stream, and on the sums of embeddings and
 * positions: section 5.4 of Vaswani et al. (2017). Our reading of the paper's "dropout 0.1". A patcher has none, not even a vision Transformer.
 *
 * **Stochastic depth** (Huang et al., 2016): a residual branch is left out, for each example by itself, with a rate that grows linearly
 * with depth; what is kept is divided by its probability, so that nothing changes where nothing is dropped. In the patcher (conv stage or
 * vision Transformer) and the encoder only, as in the paper. Our reading: depth counts the blocks of both, so that block l of L has the rate l / L · `stochasticDepth`, and each
 * of the two branches of a Transformer block is drawn by itself, as in the usual implementations for vision Transformers.
 *
 * ```
 * 4 blocks in the conv stage, 4 in the encoder, stochasticDepth 0.1
 *
 *         conv stage                  encoder                       decoder
 * block   0      1     2      3       0      1     2      3         0 …
 * rate    .0125  .025  .0375  .05     .0625  .075  .0875  .1        0
 * ```
 *
 * A draw follows from the `seeds` of its row, the place in the network by its name, and the place in the row, so that it is the same in a backward
 * pass that computes the block once more, on every backend, and for a row in any batch.
 */
import { type Drop, keepAll } from '@simvlm/attention';
import { type BranchDrop, Random } from '@simvlm/core';
import { dropout } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

export interface DropRates {
  /** Share of the numbers that dropout sets to 0, at least 0 and below 1. */
  readonly dropout: number;
  /** Share of the examples that leave out the deepest block, at least 0 and below 1. */
  readonly stochasticDepth: number;
}

/** What one forward pass drops. */
export interface Drops extends DropRates {
  /** `int32[B, 2]`: 64 random bits a row. */
  readonly seeds: tf.Tensor;
}

/** The seeds as one more constant of a block that may be computed once more. */
export function seedsOf(drops: Drops | undefined): tf.Tensor[] {
  return drops ? [drops.seeds] : [];
}

/** Dropout of embeddings with their positions. */
export function dropEmbedding(drops: Drops | undefined, name: string, x: tf.Tensor): tf.Tensor {
  return drops ? dropNumbers(x, drops, `${name}.embedding`) : x;
}

/**
 * What a Transformer block drops.
 *
 * @param seeds those of `drops`, as the block was given them
 * @param name of the block
 * @param depth the block's share of the whole depth, in (0, 1]; 0 where it is never left out
 */
export function blockDrop(
  drops: Drops | undefined,
  seeds: tf.Tensor | undefined,
  name: string,
  depth: number,
): Drop {
  if (!drops || !seeds) return keepAll;
  const { dropout: rate, stochasticDepth } = drops;
  return (branch, sublayer) => {
    const site = `${name}.${sublayer}`;
    const rest = dropNumbers(branch, { dropout: rate, seeds }, site);
    return leaveOut(rest, seeds, depth * stochasticDepth, site);
  };
}

/** What a patcher drops: whole branches of residual block `index`, the shallowest `index + 1` of `blocks`. */
export function patchDrop(drops: Drops | undefined, blocks: number): BranchDrop<tf.Tensor> | undefined {
  if (!drops || drops.stochasticDepth === 0) return undefined;
  const { seeds, stochasticDepth } = drops;
  return (branch, index, branchName) => {
    const site = branchName === undefined ? `patcher.${index}` : `patcher.${index}.${branchName}`;
    return leaveOut(branch, seeds, ((index + 1) / blocks) * stochasticDepth, site);
  };
}

function dropNumbers(
  x: tf.Tensor,
  { dropout: rate, seeds }: Pick<Drops, 'dropout' | 'seeds'>,
  name: string,
): tf.Tensor {
  return rate === 0 ? x : dropout(x, seeds, { rate, site: siteOf(name) });
}

function leaveOut(branch: tf.Tensor, seeds: tf.Tensor, rate: number, name: string): tf.Tensor {
  if (rate === 0) return branch;
  const [B, ...rest] = branch.shape as [number, ...number[]];
  const ones = tf.ones([B, ...rest.map(() => 1)]);
  return tf.mul(branch, dropout(ones, seeds, { rate, site: siteOf(`${name}.depth`) }));
}

/** A number for a name: the same everywhere. */
function siteOf(name: string): number {
  let site = sites.get(name);
  if (site === undefined) {
    site = Random.fromSeed(0).fork(name).uint32();
    sites.set(name, site);
  }
  return site;
}

const sites = new Map<string, number>();
