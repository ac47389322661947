import { type PrefixLmBatch, ShapeError } from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { type Layout, layout } from './layout';
import type { ModelCore } from './network';

/** See `SimVlm.scoreCandidates`. */
export async function scoreCandidates(
  model: ModelCore,
  pixels: Float32Array,
  candidates: readonly (readonly Int32Array[])[],
): Promise<number[][]> {
  const { config, network } = model;
  const images = candidates.length;
  const side = config.imageSize;
  if (pixels.length !== images * side * side * 3) {
    throw new ShapeError(
      `scoreCandidates: ${images} lists of candidates need images [${images}, ${side}, ${side}, 3], got ${pixels.length} numbers`,
    );
  }
  const batch = captionsOf(candidates.flat(), config.tokens.pad);
  const owner = Int32Array.from(candidates.flatMap((list, image) => list.map(() => image)));
  const scores = tf.tidy(() => {
    const plan = layout(batch, config);
    if (config.architecture === 'decoder-only') {
      const repeated = tf.tensor4d(repeatImages(pixels, owner, side), [batch.size, side, side, 3]);
      return sumRows(model, network.hidden(plan, batch.size, repeated), plan, batch.size);
    }
    // Every image is encoded once; its memory is what the candidates share.
    const memory = network.encode(
      tf.tensor4d(pixels, [images, side, side, 3]),
      { tokens: new Int32Array(0), length: 0 },
      new Int32Array(images),
    );
    const rows = tf.tensor1d(owner, 'int32');
    const shared = {
      layers: memory.layers.map(({ k, v }) => ({ k: tf.gather(k, rows), v: tf.gather(v, rows) })),
      lengths: tf.gather(memory.lengths, rows) as tf.Tensor1D,
    };
    return sumRows(model, network.decode(plan, batch.size, shared), plan, batch.size);
  });
  const values = await scores.data();
  scores.dispose();
  let at = 0;
  return candidates.map(list => list.map(() => values[at++]!));
}

function sumRows(model: ModelCore, hidden: tf.Tensor, plan: Layout, batch: number): tf.Tensor {
  const logits = model.network.logits(hidden.reshape([batch * plan.length, model.config.width]));
  const rows = crossEntropy(logits, tf.tensor1d(plan.targets, 'int32'), tf.tensor1d(plan.weights));
  return rows.reshape([batch, plan.length]).sum(1).neg();
}

/** Captions as rows without a text prefix. */
function captionsOf(captions: readonly Int32Array[], pad: number): PrefixLmBatch {
  const length = Math.max(...captions.map(caption => caption.length));
  const tokens = new Int32Array(captions.length * length).fill(pad);
  for (const [row, caption] of captions.entries()) tokens.set(caption, row * length);
  return {
    size: captions.length,
    length,
    tokens,
    prefixLengths: new Int32Array(captions.length),
    textLengths: Int32Array.from(captions, caption => caption.length),
    ids: captions.map((_, row) => `${row}`),
  };
}

function repeatImages(pixels: Float32Array, owner: Int32Array, side: number): Float32Array {
  const size = side * side * 3;
  const repeated = new Float32Array(owner.length * size);
  for (const [row, image] of owner.entries())
    repeated.set(pixels.subarray(image * size, (image + 1) * size), row * size);
  return repeated;
}
