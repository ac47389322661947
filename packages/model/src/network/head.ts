import { type Norm, norm } from '@simvlm/attention';
import { decodeLinear, linear, linearMap } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs';
import type { SimVlmConfig } from '../config';
import { type Scope, small } from './stack';

/** From hidden states `[…, D]` to logits `[…, V]`. */
export interface Head {
  logits(hidden: tf.Tensor): tf.Tensor;
  /** In a step of decoding, with the norm behind the last block. */
  step(x: tf.Tensor, last: Norm | undefined): tf.Tensor;
}

/** Declares, where the configuration has them, `head.transform`, `head.norm`, `head.weight` [V, D] and `head.bias` [V]. */
export function outputHead(scope: Scope, config: SimVlmConfig, table: tf.Tensor): Head {
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
  const weight = tied ? table : scope.param('head.weight', [vocabSize, width], small);
  const bias = hasBias ? scope.param('head.bias', [vocabSize], { kind: 'zeros' }) : undefined;
  return {
    logits(hidden) {
      const x = transform ? transform.norm(transform.map(hidden)) : hidden;
      return linear(x, weight, bias, { transposeW: true });
    },
    step(x, last) {
      if (!transform) return decodeLinear(x, weight, bias, { transposeW: true, norm: last?.of });
      const transformed = transform.map.decode(x, { norm: last?.of });
      return decodeLinear(transformed, weight, bias, { transposeW: true, norm: transform.norm.of });
    },
  };
}
