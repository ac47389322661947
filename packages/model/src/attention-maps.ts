import { attentionWeights, type PrefixAttentionInputs, watchAttention } from '@simvlm/attention';
import { ConfigError, type PrefixLmBatch, ShapeError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { inputArrays, upload } from './input';
import { layout } from './layout';
import type { ModelCore } from './network/contract';

/** Where the image was looked at, for each token of a text. */
export interface AttentionMaps {
  /** T: the tokens of the text. */
  readonly tokens: number;
  /** Rows and columns of the image tokens. A class token is none of them, and has no share. */
  readonly grid: { readonly height: number; readonly width: number };
  /** `float32[T, height × width]`: row t sums to 1, and says how the attention that predicted token t was spread over the grid. */
  readonly maps: Float32Array;
}

/** See `SimVlm.attentionMaps`. */
export async function attentionMaps(
  model: ModelCore,
  image: Uint8Array,
  tokens: Int32Array,
): Promise<AttentionMaps> {
  const { config, network } = model;
  if (config.encoder?.kind === 'question')
    throw new ConfigError(
      'CONFIG_INVALID',
      'attentionMaps: the decoder of this model (encoder "question") attends to the question, not to the image',
    );
  const side = config.imageSize;
  const batch: PrefixLmBatch = {
    size: 1,
    length: tokens.length,
    tokens,
    prefixLengths: Int32Array.of(0),
    textLengths: Int32Array.of(tokens.length),
    images: { side, pixels: image },
    ids: ['0'],
  };
  if (tokens.length === 0) throw new ShapeError('attentionMaps: the text needs at least one token');
  const { imageTokens: N, grid } = network;
  const cells = grid.height * grid.width;
  const layers: tf.Tensor[] = [];
  const maps = tf.tidy(() => {
    const input = upload(inputArrays(layout(batch, config), batch));
    // Row t of what is read predicts token t in both architectures; it is the t-th row after what comes before the text.
    const watch = (inputs: PrefixAttentionInputs) => {
      const weights_HQK = tf.squeeze(attentionWeights(inputs), [0]);
      const [, queries, keys] = weights_HQK.shape as [number, number, number];
      const text = config.architecture === 'encoder-decoder' || inputs.offset ? 0 : N;
      if (keys < N || queries < text + tokens.length) return;
      // Each layer is freed at its end, before the mean of all.
      layers.push(
        tf.keep(tf.mean(tf.slice(weights_HQK, [0, text, N - cells], [-1, tokens.length, cells]), 0)),
      );
    };
    if (config.architecture === 'encoder-decoder') {
      const memory = network.encode(input);
      const keys = new Set(memory.layers.map(({ k }) => k.id));
      watchAttention(
        () => network.decode(input, memory),
        inputs => keys.has(inputs.k.id) && watch(inputs),
      );
    } else {
      watchAttention(() => network.hidden(input), watch);
    }
    const mean_TN = tf.addN(layers);
    tf.dispose(layers);
    return tf.div(mean_TN, tf.sum(mean_TN, 1, true));
  });
  const values = (await maps.data()) as Float32Array;
  maps.dispose();
  return { tokens: tokens.length, grid, maps: values };
}
