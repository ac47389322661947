import type { Feeds, HostArray, PrefixLmBatch, Random } from '@simvlm/core';
import { packBytes, upload as uploadFeeds } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import type { Layout } from './layout';

/**
 * What a forward pass reads, on the device: a batch and its layout, and nothing of it on the host, so that the pass can be
 * recorded once and replayed for batches of the same shapes. Legend as in `layout.ts`; `S` image side in pixels.
 */
export interface ModelInput {
  /** `int32[B, ⌈S · S · 3 / 4⌉]`: the bytes of `[B, S, S, 3]` as `packBytes` gives them; absent where the rows are text alone. */
  readonly images?: tf.Tensor2D;
  /** `int32[B, P]`; absent where P = 0. */
  readonly prefixTokens?: tf.Tensor2D;
  /** `int32[B, P]`: text positions of the prefix. */
  readonly prefixPositions?: tf.Tensor2D;
  /** `int32[B]` */
  readonly prefixLengths: tf.Tensor1D;
  /** `int32[B, L]` */
  readonly inputs: tf.Tensor2D;
  /** `int32[B, L]` */
  readonly positions: tf.Tensor2D;
  /** `int32[B]` */
  readonly lengths: tf.Tensor1D;
  /** `int32[B, L]` */
  readonly targets: tf.Tensor2D;
  /** `float32[B, L]` */
  readonly weights: tf.Tensor2D;
  /** `int32[B, 2]`: what dropout and stochastic depth draw from; absent where nothing is dropped. */
  readonly seeds?: tf.Tensor2D;
}

/**
 * The numbers of a `ModelInput`, by the names of its tensors.
 *
 * @param random where something is dropped: what the seeds of the rows come from
 */
export function inputArrays(plan: Layout, batch: PrefixLmBatch, random?: Random): Feeds {
  const { size: B, images } = batch;
  const { prefix, length: L } = plan;
  const P = prefix.length;
  const text = (values: Int32Array | Float32Array) => ({ shape: [B, L], values });
  return {
    ...(images && { images: packedImages(images.pixels, B) }),
    ...(P > 0 && {
      prefixTokens: { shape: [B, P], values: prefix.tokens },
      prefixPositions: { shape: [B, P], values: Int32Array.from({ length: B * P }, (_, i) => i % P) },
    }),
    prefixLengths: { shape: [B], values: plan.prefixLengths },
    inputs: text(plan.inputs),
    positions: text(plan.positions),
    lengths: { shape: [B], values: plan.lengths },
    targets: text(plan.targets),
    weights: text(plan.weights),
    ...(random && { seeds: { shape: [B, 2], values: rowSeeds(batch, random) } }),
  };
}

/** `uint8[B, S, S, 3]` on its way to the device. */
function packedImages(pixels: Uint8Array, B: number): HostArray {
  const values = packBytes(pixels, B);
  return { shape: [B, values.length / B], values };
}

/** By the id of the example: a row's draws do not depend on its place, nor on its neighbours. */
function rowSeeds({ ids, images }: PrefixLmBatch, random: Random): Int32Array {
  const kind = random.fork(images ? 'image-text' : 'text');
  return Int32Array.from(
    ids.flatMap(id => {
      const row = kind.fork(id);
      return [row.uint32() | 0, row.uint32() | 0];
    }),
  );
}

/** The tensors of such numbers; the caller disposes them. */
export function upload(arrays: Feeds): ModelInput {
  return uploadFeeds(arrays) as unknown as ModelInput;
}
