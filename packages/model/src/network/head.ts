import { type Norm, norm } from '@simvlm/attention';
import { linearMap, type WordTable, wordTable } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';
import { type Scope, small } from './stack';

/** From hidden states `[…, D]` to logits `[…, V]`. */
export interface Head {
  logits(hidden: tf.Tensor): tf.Tensor;
  /** In a step of decoding, with the norm behind the last block. */
  step(x: tf.Tensor, last: Norm | undefined): tf.Tensor;
}

/** Declares, where the configuration has them, `head.transform`, `head.norm`, `head.weight` [V, D] and `head.bias` [V]. */
export function outputHead(scope: Scope, config: SimVlmConfig, table: WordTable): Head {
  const { width, vocabSize, block = {} } = config;
  const { tied = true, bias: hasBias = false, transform: isTransformed = false } = config.head ?? {};
  const { activation = 'gelu', epsilon } = block;
  const transform = isTransformed
    ? {
        map: linearMap(scope.scope('head.transform'), {
          ...{ inputs: width, outputs: width, init: small, activation },
        }),
        norm: norm(scope.scope('head.norm'), width, epsilon),
      }
    : undefined;
  const words = tied ? table : wordTable(scope.scope('head'), { words: vocabSize, width, init: small });
  const bias = hasBias ? scope.param('head.bias', [vocabSize], { kind: 'zeros' }) : undefined;
  return {
    logits(hidden) {
      const x = transform ? transform.norm(transform.map(hidden)) : hidden;
      return words.score(x, bias);
    },
    step(x, last) {
      if (!transform) return words.decode(x, bias, last?.of);
      const transformed = transform.map.decode(x, { norm: last?.of });
      return words.decode(transformed, bias, transform.norm.of);
    },
  };
}
