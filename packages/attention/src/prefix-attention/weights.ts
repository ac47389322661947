import * as tf from '@tensorflow/tfjs-core';
import type { PrefixAttentionInputs } from './inputs';
import { attrsOf } from './op';
import { softmax } from './reference';

/**
 * The weights of an attention, for those who want to look at them: `prefixAttention` itself never has them in memory.
 *
 * @returns `float32[B, H, Tq, Tk]`: each query's weights sum to 1, or are all 0 where it sees no key; the caller disposes it
 */
export function attentionWeights(inputs: Omit<PrefixAttentionInputs, 'v'>): tf.Tensor4D {
  const { q, k, keyLengths, prefixLengths, bias } = inputs;
  return tf.tidy(() => {
    const named = { q, k, keyLengths, prefixLengths, ...(bias && { bias: bias.table }) };
    return softmax(named, attrsOf(inputs)).p_BHQK as tf.Tensor4D;
  });
}
