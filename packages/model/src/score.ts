import { KvCache } from '@simvlm/attention';
import { type PrefixLmBatch, ShapeError } from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import type { SimVlmConfig } from './config';
import { type Layout, layout } from './layout';
import type { ModelCore, Network } from './network';

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
  const plan = layout(batch, config);
  const owner = Int32Array.from(candidates.flatMap((list, image) => list.map(() => image)));
  const hidden = config.architecture === 'encoder-decoder' ? sharedMemory : sharedPrefix;
  const scores = tf.tidy(() => {
    const rows = tf.tensor1d(owner, 'int32');
    const pictures = tf.tensor4d(pixels, [images, side, side, 3]);
    return sumRows(model, hidden(network, config, plan, pictures, rows), plan, batch.size);
  });
  const values = await scores.data();
  scores.dispose();
  let at = 0;
  return candidates.map(list => list.map(() => values[at++]!));
}

/** Hidden states `[rows, L, D]`: every image is encoded once; its memory is what its candidates share. */
function sharedMemory(
  network: Network,
  _config: SimVlmConfig,
  plan: Layout,
  images: tf.Tensor4D,
  rows: tf.Tensor1D,
): tf.Tensor {
  const count = images.shape[0];
  const memory = network.encode(images, { tokens: new Int32Array(0), length: 0 }, new Int32Array(count));
  const shared = {
    layers: memory.layers.map(({ k, v }) => ({ k: tf.gather(k, rows), v: tf.gather(v, rows) })),
    lengths: tf.gather(memory.lengths, rows) as tf.Tensor1D,
  };
  return network.decode(plan, rows.size, shared);
}

/** The same for decoder-only: image and start token are read once, and their candidates go on from the cache. */
function sharedPrefix(
  network: Network,
  config: SimVlmConfig,
  plan: Layout,
  images: tf.Tensor4D,
  rows: tf.Tensor1D,
): tf.Tensor {
  const { layers, heads, width, tokens: special } = config;
  const count = images.shape[0];
  const start = network.imageTokens + 1;
  const rest = plan.length - 1;
  const shape = { batch: count, capacity: start + rest, heads, depth: width / heads };
  const caches = Array.from({ length: layers }, () => new KvCache(shape));
  let own: KvCache[] = [];
  try {
    const read = network.prefill(startTokens(count, special.bos), count, images, caches);
    const first = tf.gather(tf.slice(read, [0, start - 1, 0], [count, 1, width]), rows);
    if (rest === 0) return first;
    own = caches.map(cache => cache.select(rows));
    const after = (values: Int32Array) =>
      tf.tensor2d(values, [rows.size, plan.length], 'int32').slice([0, 1], [rows.size, rest]);
    const extended = network.extend({
      tokens: after(plan.inputs),
      textPositions: after(plan.positions),
      lengths: plan.lengths.map(length => length - 1),
      start,
      caches: own,
    });
    return tf.concat([first, extended], 1);
  } finally {
    for (const cache of [...caches, ...own]) cache.dispose();
  }
}

/** Rows of nothing but the start token. */
function startTokens(count: number, bos: number): Layout {
  return {
    prefix: { tokens: new Int32Array(0), length: 0 },
    prefixLengths: new Int32Array(count),
    length: 1,
    inputs: new Int32Array(count).fill(bos),
    positions: new Int32Array(count),
    lengths: new Int32Array(count).fill(1),
    targets: new Int32Array(count),
    weights: new Float32Array(count),
    lossTokens: 0,
  };
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
