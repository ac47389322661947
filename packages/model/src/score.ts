import { KvCache } from '@simvlm/attention';
import { type PrefixLmBatch, ShapeError } from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { inputArrays, type ModelInput, upload } from './input';
import { checkBytes, layout, textLayout } from './layout';
import type { ModelCore, StackInput } from './network/contract';

/** See `SimVlm.scoreCandidates`. */
export async function scoreCandidates(
  model: ModelCore,
  pixels: Uint8Array,
  candidates: readonly (readonly Int32Array[])[],
): Promise<number[][]> {
  const { config } = model;
  const images = candidates.length;
  const side = config.imageSize;
  checkBytes('scoreCandidates', pixels);
  if (pixels.length !== images * side * side * 3) {
    throw new ShapeError(
      `scoreCandidates: ${images} lists of candidates need images [${images}, ${side}, ${side}, 3], got ${pixels.length} numbers`,
    );
  }
  const batch = captionsOf(candidates.flat(), config.tokens.pad);
  const plan = textLayout(batch, config);
  const owner = Int32Array.from(candidates.flatMap((list, image) => list.map(() => image)));
  // Each image as a row without a prefix; the one token of its text is not looked at.
  const alone = Array.from({ length: images }, () => Int32Array.of(config.tokens.eos));
  const rowsOfImages = { ...captionsOf(alone, config.tokens.pad), images: { side, pixels } };
  const prefix = inputArrays(layout(rowsOfImages, config), rowsOfImages);
  const hidden = config.architecture === 'encoder-decoder' ? sharedMemory : sharedPrefix;
  const scores = tf.tidy(() => {
    const rows = tf.tensor1d(owner, 'int32');
    const texts = upload(inputArrays(plan, batch));
    return sumRows(model, hidden(model, { prefix: upload(prefix) as Images, texts, rows }), texts);
  });
  const values = await scores.data();
  scores.dispose();
  let at = 0;
  return candidates.map(list => list.map(() => values[at++]!));
}

/** Input of rows with images. */
type Images = ModelInput & Required<Pick<ModelInput, 'images'>>;

interface Shared {
  /** A row an image. */
  readonly prefix: Images;
  /** A row a text. */
  readonly texts: ModelInput;
  /** The image of each text. */
  readonly rows: tf.Tensor1D;
}

/** Hidden states `[rows, L, D]`: every image is encoded once; its memory is what its candidates share. */
function sharedMemory({ network }: ModelCore, { prefix, texts, rows }: Shared): tf.Tensor {
  const memory = network.encode(prefix);
  const shared = {
    layers: memory.layers.map(({ k, v }) => ({ k: tf.gather(k, rows), v: tf.gather(v, rows) })),
    lengths: tf.gather(memory.lengths, rows) as tf.Tensor1D,
  };
  return network.decode(texts, shared);
}

/** The same for decoder-only: image and start token are read once, and their candidates go on from the cache. */
function sharedPrefix({ network, config }: ModelCore, { prefix, texts, rows }: Shared): tf.Tensor {
  const { images } = prefix;
  const { layers, heads, width, tokens: special } = config;
  const count = images.shape[0];
  const start = network.imageTokens + 1;
  const rest = texts.inputs.shape[1] - 1;
  const shape = { batch: count, capacity: start + rest, heads, depth: width / heads };
  const caches = Array.from({ length: layers }, () => new KvCache(shape));
  let own: KvCache[] = [];
  try {
    const read = network.prefill({ images, ...startTokens(count, special.bos) }, caches);
    const first = tf.gather(read, rows);
    if (rest === 0) return first;
    own = caches.map(cache => cache.select(rows));
    const after = (all: tf.Tensor2D) => tf.slice(all, [0, 1], [rows.size, rest]);
    const extended = network.extend({
      tokens: after(texts.inputs),
      textPositions: after(texts.positions),
      lengths: tf.sub(texts.lengths, tf.scalar(1, 'int32')),
      start,
      caches: own,
    });
    return tf.concat([first, extended], 1);
  } finally {
    for (const cache of [...caches, ...own]) cache.dispose();
  }
}

/** Rows of nothing but the start token. */
function startTokens(count: number, bos: number): Omit<StackInput, 'images'> {
  const column = tf.zeros([count, 1], 'int32') as tf.Tensor2D;
  const prefixLengths = tf.zeros([count], 'int32') as tf.Tensor1D;
  return {
    prefixLengths,
    inputs: tf.fill([count, 1], bos, 'int32') as tf.Tensor2D,
    positions: column,
    lengths: tf.onesLike(prefixLengths),
  };
}

function sumRows(model: ModelCore, hidden: tf.Tensor, { targets, weights }: ModelInput): tf.Tensor {
  const count = targets.size;
  const logits = model.network.logits(hidden.reshape([count, model.config.width]));
  const rows = crossEntropy(logits, targets.reshape([count]), weights.reshape([count]));
  return rows.reshape(targets.shape).sum(1).neg();
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
